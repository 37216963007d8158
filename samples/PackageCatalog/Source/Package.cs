using PackageCatalog.Contracts;
using PackageCatalog.Reading;

namespace PackageCatalog.Source;

/// <summary>A package as the catalogue keeps it.</summary>
public sealed class Package
{
    private Package() { }

    public Package(PackageRecord record)
    {
        Name = record.Name;
        Take(record);
    }

    public string Name { get; private set; } = "";

    public string Version { get; private set; } = "";

    public string Architecture { get; private set; } = "";

    public string Section { get; private set; } = "";

    public string Priority { get; private set; } = "";

    public string Maintainer { get; private set; } = "";

    public string? Homepage { get; private set; }

    public long? InstalledSizeKiB { get; private set; }

    public long SizeBytes { get; private set; }

    public string Sha256 { get; private set; } = "";

    public string? Source { get; private set; }

    public string? MultiArch { get; private set; }

    public List<string> Depends { get; private set; } = [];

    public List<string> Recommends { get; private set; } = [];

    public List<string> Suggests { get; private set; } = [];

    public List<string> Provides { get; private set; } = [];

    public List<string> Tags { get; private set; } = [];

    public string Description { get; private set; } = "";

    public string Filename { get; private set; } = "";

    /// <summary>Takes a later state.</summary>
    public void Take(PackageRecord record)
    {
        Version = record.Version;
        Architecture = record.Architecture;
        Section = record.Section;
        Priority = record.Priority;
        Maintainer = record.Maintainer;
        Homepage = record.Homepage;
        InstalledSizeKiB = record.InstalledSizeKiB;
        SizeBytes = record.SizeBytes;
        Sha256 = record.Sha256;
        Source = record.Source;
        MultiArch = record.MultiArch;
        Depends = [.. record.Depends];
        Recommends = [.. record.Recommends];
        Suggests = [.. record.Suggests];
        Provides = [.. record.Provides];
        Tags = [.. record.Tags];
        Description = record.Description;
        Filename = record.Filename;
    }

    public PackageState ToState() =>
        new(
            Name,
            Version,
            Architecture,
            Section,
            Priority,
            Maintainer,
            Homepage,
            InstalledSizeKiB,
            SizeBytes,
            Sha256,
            Source,
            MultiArch,
            [.. Depends],
            [.. Recommends],
            [.. Suggests],
            [.. Provides],
            [.. Tags],
            Description,
            Filename
        );
}
