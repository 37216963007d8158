namespace Statecast.Integration.Tests.Kafka;

/// <summary>A broker that is found in two ways: as it is, and through a link that a test holds.</summary>
internal sealed class HeldBroker : IDisposable
{
    private readonly int _port;
    private readonly KafkaCluster _cluster;

    private HeldBroker(int port, HeldLink link, KafkaCluster cluster) => (_port, Link, _cluster) = (port, link, cluster);

    public HeldLink Link { get; }

    /// <summary>Where it is found.</summary>
    public string Servers => $"127.0.0.1:{_port}";

    /// <summary>Where those find it who are to be held.</summary>
    public string BehindLink => $"127.0.0.1:{Link.Port}";

    public static async Task<HeldBroker> StartAsync(string home)
    {
        var ports = FreePorts.Take(3);
        var link = HeldLink.To(ports[2]);
        try
        {
            return new(ports[0], link, await KafkaCluster.StartAsync(home, properties: SecondListener(ports, link.Port)));
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _cluster.Dispose();
        Link.Dispose();
    }

    // All traffic of those who begin there goes through it: a broker tells them the port to go on with.
    private static string SecondListener(int[] ports, int advertised) =>
        $"""
            listeners=PLAINTEXT://127.0.0.1:{ports[0]},CONTROLLER://127.0.0.1:{ports[1]},SECOND://127.0.0.1:{ports[2]}
            advertised.listeners=PLAINTEXT://127.0.0.1:{ports[0]},SECOND://127.0.0.1:{advertised}
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECOND:PLAINTEXT
            controller.quorum.voters=1@127.0.0.1:{ports[1]}

            """;
}
