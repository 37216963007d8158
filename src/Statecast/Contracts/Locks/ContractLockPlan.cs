using System.Text;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Compatibility;
using Statecast.Serialization.Json.Schema;

namespace Statecast.Contracts.Locks;

/// <summary>What locking one contract would write, or why it may not be.</summary>
internal sealed class ContractLockPlan
{
    private readonly StateContract _contract;
    private readonly string _folder;
    private readonly IReadOnlyList<string> _notes;
    private readonly ContractVersion? _version;

    private ContractLockPlan(StateContract contract, string folder, ContractVersion? version, IReadOnlyList<string> notes, string? refused)
    {
        _contract = contract;
        _folder = folder;
        _version = version;
        _notes = notes;
        Break = refused;
    }

    /// <summary>Why it may not be; null if it may.</summary>
    public string? Break { get; }

    public static ContractLockPlan Make(string directory, StateContract contract, CompatibilityMode mode)
    {
        var folder = Path.Combine(directory, contract.Name);
        var locked = Read(folder, contract);
        if (locked.Count == 0)
            return new(contract, folder, new ContractVersion(contract.Major, 0), [], null);
        var last = locked[^1];
        var now = new LockedSchemas(last.Version, LockFile.Minify(contract.AvroSchema), LockFile.Minify(contract.JsonSchema));
        ContractChange change;
        try
        {
            change = ContractChange.Judge(locked, now, mode);
        }
        catch (Exception defect) when (defect is AvroSchemaException or JsonStateSchemaException)
        {
            throw new InvalidDataException($"A lock in {folder} cannot be read: {defect.Message} Restore it from version control.", defect);
        }
        if (change.Problems.Count > 0)
            return new(contract, folder, null, [], Explain(contract, change, mode));
        var version = change.IsNone ? (ContractVersion?)null : new ContractVersion(last.Version.Major, last.Version.Minor + 1);
        return new(contract, folder, version, change.Notes, null);
    }

    /// <summary>Writes the lock's files, as far as they are not there.</summary>
    public IEnumerable<ContractLockFile> Write()
    {
        if (_version is not { } version)
            yield break;
        Directory.CreateDirectory(_folder);
        foreach (var (extension, schema) in new[] { (LockFile.Avro, _contract.AvroSchema), (LockFile.Json, _contract.JsonSchema) })
        {
            var path = Path.Combine(_folder, version + extension);
            if (File.Exists(path))
                continue;
            File.WriteAllText(path, LockFile.LayOut(schema), new UTF8Encoding(false));
            yield return new(_contract.Name, version, path, _notes);
        }
    }

    private static string Explain(StateContract contract, ContractChange change, CompatibilityMode mode) =>
        $"The contract '{contract.Name}' breaks with what is locked of its major {contract.Major} ({mode}):\n"
        + string.Join("\n", change.Problems.Select(p => "  - " + p))
        + $"\nMend that, or make it a new major: [StateContract(\"{contract.Name}\", Version = {contract.Major + 1})].";

    private static List<LockedSchemas> Read(string folder, StateContract contract)
    {
        if (!Directory.Exists(folder))
            return [];
        return
        [
            .. Directory
                .EnumerateFiles(folder, "*" + LockFile.Avro)
                .Select(path => (path, Lock: LockFile.Of(path)))
                .Where(f => f.Lock?.Version.Major == contract.Major)
                .OrderBy(f => f.Lock!.Value.Version)
                .Select(f => Read(f.path, f.Lock!.Value.Version)),
        ];
    }

    private static LockedSchemas Read(string path, ContractVersion version)
    {
        var json = path[..^LockFile.Avro.Length] + LockFile.Json;
        return File.Exists(json)
            ? new(version, Minified(path), Minified(json))
            : throw new InvalidDataException(
                $"The lock {path} has no {Path.GetFileName(json)} beside it, which says what the key is. Restore it from version control."
            );
    }

    private static string Minified(string path)
    {
        try
        {
            return LockFile.Minify(File.ReadAllText(path));
        }
        catch (AvroSchemaException defect)
        {
            throw new InvalidDataException(
                $"The lock {path} cannot be read: {defect.Reason} (character {defect.Offset}). Restore it from version control.",
                defect
            );
        }
    }
}
