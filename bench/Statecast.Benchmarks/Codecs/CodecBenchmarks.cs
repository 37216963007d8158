using BenchmarkDotNet.Attributes;
using Statecast.Serialization;

namespace Statecast.Benchmarks.Codecs;

/// <summary>The codecs in depth: <c>--filter '*Codec*'</c>.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private readonly CodecWork _work = new();

    [Benchmark]
    public int EncodeJson() => _work.EncodeJson();

    [Benchmark]
    public int EncodeJsonBySystemText() => _work.EncodeJsonBySystemText();

    [Benchmark]
    public int DecodeJson() => _work.DecodeJson();

    [Benchmark]
    public int DecodeJsonBySystemText() => _work.DecodeJsonBySystemText();

    [Benchmark]
    public int WriteAvro() => _work.WriteAvro();

    [Benchmark]
    public int WriteAvroByHand() => _work.WriteAvroByHand();

    [Benchmark]
    public Fingerprint Fingerprint() => _work.Fingerprint();
}
