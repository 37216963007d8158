using PackageCatalog.Contracts;
using Statecast.Replicas;

namespace PackageCatalog.Search;

/// <summary>What packages are searched by.</summary>
internal static class PackageIndexes
{
    public static readonly StateIndex<PackageState, string> BySection = StateIndex.On(PackageState.Fields.Section);

    public static readonly StateIndex<PackageState, string> ByDependency = StateIndex.OnMany(
        "dependency",
        (PackageState p) => p.Depends.SelectMany(Relation.NamesOf)
    );
}
