using Statecast.Benchmarks.Harness;

namespace Statecast.Benchmarks.Codecs;

/// <summary>The generated Avro writer beside one written by hand for this type. Informative: both write the same bytes.</summary>
internal sealed class AvroSuite : ISuite
{
    public string Name => "avro";

    public async IAsyncEnumerable<Row> RunAsync(QuickContext context)
    {
        var work = new CodecWork();
        var write = new CodecCase(Name, $"write, 10 lines ({work.AvroBytes} B)", "hand-written, straight line", IsLimit: true);
        foreach (var row in await CodecRows.CompareAsync(context, write, work.WriteAvro, work.WriteAvroByHand))
            yield return row;
    }
}
