using Statecast.Integration.Tests;
using Statecast.Integration.Tests.Kafka;
using Statecast.Integration.Tests.Packages;
using Statecast.Integration.Tests.RabbitMQ;
using Statecast.Integration.Tests.Registry;
using Statecast.Integration.Tests.Samples;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// One more than the smallest machine has processors: the long ones mostly wait, for brokers that were killed, leases and time-outs.
[assembly: Parallelization(MaxThreads = 3)]
[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Statecast.Integration.Tests;

/// <summary>Begins with the collections that take minutes, so that the short ones run beside them and none is left to run alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        KafkaClusterCollection.Name,
        RabbitHostCollection.Name,
        KafkaCollection.Name,
        SamplesCollection.Name,
        RabbitBrokerCollection.Name,
        RabbitCollection.Name,
        PackagesCollection.Name,
        RegistryCollection.Name,
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderBy(PlaceOf)];

    private static int PlaceOf<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection =>
        Array.IndexOf(Long, collection.TestCollectionDisplayName) is var at and >= 0 ? at : Long.Length;
}
