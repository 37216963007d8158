using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Statecast.Integration.Tests.RabbitMQ;
using Xunit;

[assembly: AssemblyFixture(typeof(RabbitFixture))]

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>Tests on a real broker, each in a virtual host of its own, one after another: the machine is small.</summary>
[CollectionDefinition(Name)]
public sealed class RabbitCollection
{
    public const string Name = "RabbitMQ";
}

/// <summary>Whole sources and targets on the same broker.</summary>
[CollectionDefinition(Name)]
public sealed class RabbitHostCollection
{
    public const string Name = "RabbitMQ hosts";
}

/// <summary>Tests with brokers of their own: they are killed, short of memory, or ask who one is.</summary>
[CollectionDefinition(Name)]
public sealed class RabbitBrokerCollection
{
    public const string Name = "RabbitMQ brokers";
}

/// <summary>
/// A real broker for the run: the one that <c>STATECAST_RABBITMQ</c> names (an AMQP URI with the rights of an administrator; its management interface is 10,000 ports
/// above, or where <c>STATECAST_RABBITMQ_MANAGEMENT</c> says), else Debian's, started when it is first asked for, else one in Docker. Without any the tests are
/// skipped, and say so.
/// </summary>
public sealed class RabbitFixture : IAsyncDisposable
{
    private const string Image = "rabbitmq:4.1-management";
    private const ushort Amqp = 5672;
    private const ushort Management = 15672;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private RabbitBroker? _broker;
    private IContainer? _container;

    /// <summary>Skips the test where no broker that it may kill or set up can be started.</summary>
    public static void RequireServer() =>
        Assert.SkipUnless(
            RabbitBroker.IsInstalled,
            "This needs a broker of its own, and Debian's rabbitmq-server is not installed: run ./test as root, or apt-get install rabbitmq-server."
        );

    /// <summary>A virtual host for one test; skips the test if there is no broker to be had.</summary>
    internal async Task<RabbitPlace> PlaceAsync()
    {
        var (broker, management) = await FindAsync();
        return await RabbitPlace.MakeAsync(broker, management);
    }

    public async ValueTask DisposeAsync()
    {
        _broker?.Dispose();
        if (_container is not null)
            await _container.DisposeAsync();
        _gate.Dispose();
    }

    private async Task<(string Broker, string Management)> FindAsync()
    {
        if (Environment.GetEnvironmentVariable("STATECAST_RABBITMQ") is { Length: > 0 } named)
            return (named, Environment.GetEnvironmentVariable("STATECAST_RABBITMQ_MANAGEMENT") ?? ManagementOf(new(named)));
        await _gate.WaitAsync();
        try
        {
            if (RabbitBroker.IsInstalled)
            {
                _broker ??= await RabbitBroker.StartAsync();
                return (_broker.Uri, _broker.Management);
            }
            _container ??= await StartContainerAsync();
            return (
                $"amqp://guest:guest@{_container.Hostname}:{_container.GetMappedPublicPort(Amqp)}",
                $"http://{_container.Hostname}:{_container.GetMappedPublicPort(Management)}"
            );
        }
        finally
        {
            _gate.Release();
        }
    }

    private static async Task<IContainer> StartContainerAsync()
    {
        try
        {
            var container = new ContainerBuilder(Image)
                .WithPortBinding(Amqp, assignRandomHostPort: true)
                .WithPortBinding(Management, assignRandomHostPort: true)
                .WithWaitStrategy(Wait.ForUnixContainer().UntilMessageIsLogged("Server startup complete"))
                .Build();
            await container.StartAsync();
            return container;
        }
        catch (DockerUnavailableException e)
        {
            Assert.Skip(
                $"STATECAST_RABBITMQ names no broker, Debian's rabbitmq-server is not installed (run ./test as root, or apt-get install rabbitmq-server), and Docker does not answer: {e.Message}"
            );
            throw;
        }
    }

    private static string ManagementOf(Uri broker) => $"http://{broker.Host}:{(broker.Port > 0 ? broker.Port : 5672) + 10_000}";
}
