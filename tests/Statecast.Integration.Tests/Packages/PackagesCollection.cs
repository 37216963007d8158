using Xunit;

namespace Statecast.Integration.Tests.Packages;

/// <summary>What installs the packages: one after the other, from one feed.</summary>
[CollectionDefinition(Name)]
public sealed class PackagesCollection : ICollectionFixture<PackedFeed>
{
    public const string Name = "Packages";
}
