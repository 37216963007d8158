using Microsoft.Extensions.Logging;
using Statecast.Conformance.Transport;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Integration.Tests.Kafka;
using Statecast.RabbitMQ;
using Statecast.RabbitMQ.Transport;
using Statecast.Transport;
using Xunit;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>Senders and targets of the suites' contract on one virtual host, each over a carrier of its own, as in processes of their own.</summary>
internal sealed class RabbitProbes(RabbitPlace place) : IAsyncDisposable
{
    // A question that is lost with its broker is asked again after 15 s, and may be lost again.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly List<IAsyncDisposable> _made = [];

    /// <summary>What all of them logged.</summary>
    public HeardLog Log { get; } = new();

    public RabbitPlace Place => place;

    public static RabbitNames Names { get; } = new(ProbeContracts.Item.Destination);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static RabbitTargetNames TargetNames(string target = "target", string? instance = null) => Names.Of(target, instance);

    public RabbitMQTransport Carrier(Action<RabbitMQOptions>? configure = null) => Carrier(place.Options(configure));

    public RabbitMQTransport Carrier(RabbitMQOptions options)
    {
        var carrier = new RabbitMQTransport(options, surroundings: new(logger: Log.For<RabbitMQTransport>()));
        _made.Add(carrier);
        return carrier;
    }

    public async Task<ITransportSender> SenderAsync(
        int lanes = 1,
        string source = ProbeEvents.Source,
        Action<RabbitMQOptions>? configure = null,
        string codec = "json"
    )
    {
        var sender = await Carrier(configure).OpenSenderAsync(new(source, [new(ProbeContracts.Item, lanes, codec)]), Ct);
        _made.Add(sender);
        return sender;
    }

    public async Task<ProbeTarget> TargetAsync(
        string name = "target",
        string? instance = null,
        Action<RabbitMQOptions>? configure = null,
        string? source = null
    )
    {
        var receiver = await Carrier(configure).OpenReceiverAsync(new(name, instance, ProbeContracts.Item) { Source = source }, Ct);
        var target = new ProbeTarget(receiver);
        _made.Add(target);
        return target;
    }

    /// <summary>A target whose lanes are open.</summary>
    public async Task<ProbeTarget> OpenTargetAsync(
        int lanes = 1,
        string name = "target",
        string? instance = null,
        Action<RabbitMQOptions>? configure = null
    )
    {
        var target = await TargetAsync(name, instance, configure);
        await target.Until(t => t.Open.Count == lanes, Ct);
        return target;
    }

    public async ValueTask DisposeAsync()
    {
        _made.Reverse();
        foreach (var made in _made)
            await made.DisposeAsync();
        await place.DisposeAsync();
    }

    /// <summary>Waits for something that the broker or another part brings about.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string?>? newest = null)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        deadline.CancelAfter(Patience);
        while (!await condition())
            if (deadline.IsCancellationRequested)
                Assert.Fail($"Not within {Patience.TotalSeconds} s. {newest?.Invoke()}");
            else
                await Task.Delay(20, Ct);
    }

    /// <summary>Sends an event until the broker has it.</summary>
    public static async Task<(SendOutcome Outcome, int Tries)> UntilConfirmedAsync(ITransportSender sender, StateEvent e)
    {
        var (outcome, tries) = (default(SendOutcome), 0);
        await UntilAsync(
            async () =>
            {
                tries++;
                return (outcome = (await sender.SendAsync([e], Ct))[0]).Result == SendResult.Confirmed;
            },
            () => $"{outcome.Result}: {outcome.Reason}"
        );
        return (outcome, tries);
    }
}
