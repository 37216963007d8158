using Statecast.Benchmarks.Harness;

namespace Statecast.Benchmarks.Codecs;

/// <summary>The generated Avro codec beside one written by hand for this type, and beside those that users have: all of them write the same bytes.</summary>
internal sealed class AvroSuite : ISuite
{
    private const string ByHand = "hand-written, straight line";

    public string Name => "avro";

    public async IAsyncEnumerable<Row> RunAsync(QuickContext context)
    {
        var work = new CodecWork();
        var peers = new AvroPeers(work.AvroSchema, work.Avro);
        var size = $"10 lines ({work.AvroBytes} B)";
        foreach (
            var (name, ours, other, what, isLimit) in new (string, Func<int>, Func<int>, string, bool)[]
            {
                ($"write, {size}", work.WriteAvro, work.WriteAvroByHand, ByHand, true),
                ($"read, {size}", work.DecodeAvro, work.ReadAvroByHand, ByHand, true),
                ("read another writer's schema", work.DecodeOtherAvro, work.DecodeAvro, "the contract's own schema", true),
                ($"write, {size}", work.WriteAvro, peers.WriteSpecific, "Apache.Avro, specific", false),
                ($"read, {size}", work.DecodeAvro, peers.ReadSpecific, "Apache.Avro, specific", false),
                ($"write, {size}", work.WriteAvro, peers.WriteConfluent, "Confluent serdes, specific", false),
                ($"read, {size}", work.DecodeAvro, peers.ReadConfluent, "Confluent serdes, specific", false),
            }
        )
        foreach (var row in await CodecRows.CompareAsync(context, new(Name, name, what, isLimit), ours, other))
            yield return row;
        var guard = new GuardWork();
        foreach (
            var row in await CodecRows.CompareAsync(
                context,
                new(Name, "guard, a verdict", "an empty call", true),
                guard.Judge,
                guard.Nothing
            )
        )
            yield return row;
    }
}
