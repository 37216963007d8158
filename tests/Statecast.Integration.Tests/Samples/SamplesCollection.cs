using Xunit;

namespace Statecast.Integration.Tests.Samples;

/// <summary>The samples run one after the other: each of them alone keeps several processes busy.</summary>
[CollectionDefinition(Name)]
public sealed class SamplesCollection : ICollectionFixture<FinishedShop>
{
    public const string Name = "Samples";
}
