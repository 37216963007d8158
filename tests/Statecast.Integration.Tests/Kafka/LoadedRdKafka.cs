using System.Runtime.InteropServices;
using Confluent.Kafka;
using Statecast.Kafka.Client;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>The client's library in this process, for its functions that are made for tests.</summary>
internal static class LoadedRdKafka
{
    // The package brings several builds of its library: the one that is loaded is asked.
    private static readonly Lazy<nint> Library = new(() =>
    {
        var loaded = File.ReadLines("/proc/self/maps").First(l => l.Contains("librdkafka", StringComparison.Ordinal));
        return NativeLibrary.Load(loaded[loaded.IndexOf('/', StringComparison.Ordinal)..]);
    });

    /// <summary>A function; the library must be loaded.</summary>
    public static nint Function(string name) => NativeLibrary.GetExport(Library.Value, name);

    /// <summary>From here on a producer fails for good.</summary>
    public static void Break(RdProducer producer) => Break(producer.Client, ErrorCode.OutOfOrderSequenceNumber);

    /// <summary>From here on a consumer fails for good, as one does whose place another took under its name.</summary>
    public static void Break(IClient consumer) => Break(RdClients.Of(consumer), ErrorCode.FencedInstanceId);

    private static unsafe void Break(nint client, ErrorCode error)
    {
        var fail = (delegate* unmanaged<nint, int, byte*, int>)Function("rd_kafka_test_fatal_error");
        fixed (byte* reason = "broken on purpose\0"u8)
            Assert.Equal(0, fail(client, (int)error, reason));
    }
}
