using System.Collections.Immutable;
using Statecast.Contracts;

namespace PackageCatalog.Contracts;

/// <summary>What the catalogue shares of a package: all that the index says of it.</summary>
[StateContract("catalog.package")]
public sealed partial record PackageState(
    [StateKey] string Name,
    string Version,
    string Architecture,
    string Section,
    string Priority,
    string Maintainer,
    string? Homepage,
    long? InstalledSizeKiB,
    long SizeBytes,
    string Sha256,
    string? Source,
    string? MultiArch,
    ImmutableArray<string> Depends,
    ImmutableArray<string> Recommends,
    ImmutableArray<string> Suggests,
    ImmutableArray<string> Provides,
    ImmutableArray<string> Tags,
    string Description,
    string Filename
);
