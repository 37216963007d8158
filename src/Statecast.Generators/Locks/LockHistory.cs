using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Statecast.Contracts.Locks;
using Statecast.Serialization.Compatibility;

namespace Statecast.Generators.Locks;

/// <summary>The locks that a compilation was given, and what its project says of them.</summary>
internal sealed class LockHistory
{
    private const string Property = "build_property.";

    private readonly Dictionary<string, List<(LockFile Lock, AdditionalText File)>> _files = new(StringComparer.Ordinal);

    public LockHistory(AnalyzerOptions options)
    {
        foreach (var file in options.AdditionalFiles)
            if (LockFile.Of(file.Path) is { } found)
            {
                if (!_files.TryGetValue(found.Contract, out var files))
                    _files.Add(found.Contract, files = []);
                files.Add((found, file));
            }
        var project = options.AnalyzerConfigOptionsProvider.GlobalOptions;
        IsRequired =
            _files.Count > 0
            || (
                project.TryGetValue(Property + "StatecastRequireLocks", out var required)
                && string.Equals(required, "true", StringComparison.OrdinalIgnoreCase)
            );
        Mode = CompatibilityModes.OfProject(project.TryGetValue(Property + CompatibilityModes.Property, out var given) ? given : null);
        Directory =
            project.TryGetValue(Property + "StatecastContractsDirectory", out var directory) && directory.Length > 0 ? directory
            : project.TryGetValue(Property + "ProjectDir", out var folder) && folder.Length > 0 ? Path.Combine(folder, "contracts")
            : null;
    }

    /// <summary>Whether a contract without a lock is an error: as soon as any contract has one.</summary>
    public bool IsRequired { get; }

    /// <summary>Who must read what within a major.</summary>
    public CompatibilityMode Mode { get; }

    /// <summary>Where locks go of a contract that has none; null if the project does not say where it is.</summary>
    public string? Directory { get; }

    /// <summary>The folder of a contract's locks.</summary>
    public string? FolderOf(string contract) =>
        _files.TryGetValue(contract, out var files) ? Path.GetDirectoryName(files[0].File.Path)
        : Directory is null ? null
        : Path.Combine(Directory, contract);

    /// <summary>The locked versions of a contract's major, oldest first; null if one of them cannot be read, which is told of that file.</summary>
    public List<LockedSchemas>? Of(string contract, int major, CancellationToken ct)
    {
        var versions = new List<LockedSchemas>();
        if (!_files.TryGetValue(contract, out var files))
            return versions;
        foreach (var (found, file) in files.Where(f => f.Lock.IsAvro && f.Lock.Version.Major == major).OrderBy(f => f.Lock.Version))
        {
            var json = files.FirstOrDefault(f => !f.Lock.IsAvro && f.Lock.Version.Equals(found.Version)).File;
            if (TextOf(file, isAvro: true, ct) is not { Minified: { } avroText })
                return null;
            var jsonText = json is null ? null : TextOf(json, isAvro: false, ct);
            if (jsonText is { Minified: null })
                return null;
            versions.Add(new(found.Version, avroText, jsonText?.Minified));
        }
        return versions;
    }

    /// <summary>A lock's text; null if the file is not there any more.</summary>
    public static LockText? TextOf(AdditionalText file, bool isAvro, CancellationToken ct) =>
        file.GetText(ct) is { } text ? LockText.Of(text, isAvro) : null;
}
