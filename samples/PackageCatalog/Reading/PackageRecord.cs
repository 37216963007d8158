namespace PackageCatalog.Reading;

/// <summary>One state of one package, as an index names it.</summary>
public sealed record PackageRecord
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    public required string Architecture { get; init; }

    public required string Section { get; init; }

    public required string Priority { get; init; }

    public required string Maintainer { get; init; }

    public string? Homepage { get; init; }

    public long? InstalledSizeKiB { get; init; }

    public required long SizeBytes { get; init; }

    public required string Sha256 { get; init; }

    public string? Source { get; init; }

    public string? MultiArch { get; init; }

    public required IReadOnlyList<string> Depends { get; init; }

    public required IReadOnlyList<string> Recommends { get; init; }

    public required IReadOnlyList<string> Suggests { get; init; }

    public required IReadOnlyList<string> Provides { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required string Description { get; init; }

    public required string Filename { get; init; }
}
