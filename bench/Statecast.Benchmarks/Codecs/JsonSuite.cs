using Statecast.Benchmarks.Harness;

namespace Statecast.Benchmarks.Codecs;

/// <summary>The JSON codec beside System.Text.Json with source generation. Informative: both write the same bytes.</summary>
internal sealed class JsonSuite : ISuite
{
    private const string Peer = "System.Text.Json, source-generated";

    public string Name => "json";

    public async IAsyncEnumerable<Row> RunAsync(QuickContext context)
    {
        var work = new CodecWork();
        var encode = new CodecCase(Name, $"encode, 10 lines ({work.JsonBytes} B)", Peer);
        foreach (var row in await CodecRows.CompareAsync(context, encode, work.EncodeJson, work.EncodeJsonBySystemText))
            yield return row;
        var decode = new CodecCase(Name, $"decode, 10 lines ({work.JsonBytes} B)", Peer);
        foreach (var row in await CodecRows.CompareAsync(context, decode, work.DecodeJson, work.DecodeJsonBySystemText))
            yield return row;
    }
}
