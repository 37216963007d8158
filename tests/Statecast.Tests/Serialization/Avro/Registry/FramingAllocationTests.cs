using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.Serialization.Avro.Registry;
using Xunit;

namespace Statecast.Tests.Serialization.Avro.Registry;

/// <summary>What is done for every event allocates nothing; exact.</summary>
[Collection<AllocationCollection>]
public sealed class FramingAllocationTests
{
    private const string Subject = "tests.parcel.v1-value";

    [Fact]
    public async Task Known_schemas_cost_no_memory_an_event()
    {
        await using var server = StandInRegistry.Start();
        var contract = StateContract.Of<First.Parcel>();
        var id = server.Put(Subject, contract.AvroSchema);
        await using var schemas = Framed.Schemas(new() { Urls = { server.Url } });
        await schemas.PrepareAsync(contract, default);
        var value = Framed.Value(id, new First.Parcel(1, "a"));
        var prefix = new byte[AvroFraming.PrefixSize];
        FramedBody framed = default;
        var sent = 0;
        Assert.Equal(
            0,
            Allocated(() =>
            {
                schemas.TryGetId(Subject, contract.SchemaFingerprint, out sent);
                AvroFraming.WritePrefix(sent, prefix);
                schemas.TryRead(value, [], out framed);
                framed = schemas.ReadAsync(value, default, default).GetAwaiter().GetResult();
            })
        );
        Assert.Equal((id, contract.SchemaFingerprint, value.Length - prefix.Length), (sent, framed.Schema, framed.Body.Length));
    }

    private static long Allocated(Action work)
    {
        for (var i = 0; i < 200; i++)
            work();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            work();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
