using RabbitMQ.Client;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// What a sender hears: one connection for all its destinations, beside the one that it publishes on. Opened again when it was lost, and whoever needs it then
/// waits. Looks now and then whether everything is still there.
/// </summary>
/// <param name="source">The source's name.</param>
/// <param name="parts">What is shared.</param>
internal sealed class RabbitHearing(string source, RabbitParts parts) : IAsyncDisposable
{
    // What a look of the slowest target may take.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly RabbitDrain _drain = new(parts);
    private IReadOnlyList<RabbitDestination> _destinations = [];
    private IConnection? _connection;
    private long _lookedAt;

    /// <summary>Declares or checks everything, and claims it for the source.</summary>
    public async Task OpenAsync(IReadOnlyList<RabbitDestination> destinations, CancellationToken ct)
    {
        _destinations = destinations;
        await ConnectAsync(isStart: true, ct).ConfigureAwait(false);
    }

    /// <summary>Opens the connection again if it was lost.</summary>
    /// <exception cref="TransportException">It cannot be opened now.</exception>
    public async Task EnsureAsync(CancellationToken ct)
    {
        if (_connection is { IsOpen: true })
            return;
        await _opening.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (_connection is not { IsOpen: true })
                await ConnectAsync(isStart: false, ct).ConfigureAwait(false);
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Looks whether everything is still there, if it is time to; what is not is made anew, but for the exchange.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        await EnsureAsync(ct).ConfigureAwait(false);
        if (parts.Surroundings.Clock.GetElapsedTime(_lookedAt) < parts.Options.TopologyLookInterval)
            return;
        _lookedAt = parts.Surroundings.Clock.GetTimestamp();
        foreach (var destination in _destinations)
            await LookAsync(destination, _connection!, ct).ConfigureAwait(false);
    }

    /// <summary>
    /// A message did not reach the destination's exchange. If that is gone it is made anew, but not at once: targets notice too, and bind their queues to it
    /// first. Until then what is sent fails, and stays.
    /// </summary>
    public async Task MissingAsync(RabbitDestination destination, CancellationToken ct)
    {
        try
        {
            await EnsureAsync(ct).ConfigureAwait(false);
            if (await parts.Topology.HasExchangeAsync(_connection!, destination.Names.Destination, ct).ConfigureAwait(false))
            {
                destination.MissingSince = null;
                return;
            }
            if (destination.MissingSince is not { } since)
            {
                destination.MissingSince = parts.Surroundings.Clock.GetTimestamp();
                LogMessages.ExchangeMissing(parts.Surroundings.Logger, destination.Names.Destination, Patience);
                // Whoever hears it looks at once.
                await destination.Memory.AnnounceAsync(asksQueues: false, ct).ConfigureAwait(false);
            }
            else if (parts.Surroundings.Clock.GetElapsedTime(since) >= Patience)
            {
                await parts.Topology.DeclareExchangeAsync(_connection!, destination.Names, ct).ConfigureAwait(false);
                LogMessages.ExchangeMade(parts.Surroundings.Logger, destination.Names.Destination);
                destination.MissingSince = null;
            }
        }
        catch (TransportException)
        {
            // Who sends next meets it too, and says so.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
            await RabbitConnections.AbandonAsync(connection).ConfigureAwait(false);
        _opening.Dispose();
    }

    private TimeSpan Patience => 2 * parts.Options.TopologyLookInterval + Slack;

    private async Task ConnectAsync(bool isStart, CancellationToken ct)
    {
        if (_connection is { } lost)
            await RabbitConnections.AbandonAsync(lost).ConfigureAwait(false);
        _connection = null;
        var connection = await parts.Connections.ConnectAsync($"{source} hears", ct).ConfigureAwait(false);
        try
        {
            foreach (var destination in _destinations)
                await ClaimAsync(destination, connection, isStart, ct).ConfigureAwait(false);
            _connection = connection;
        }
        catch (Exception e)
        {
            await RabbitConnections.AbandonAsync(connection).ConfigureAwait(false);
            if (RabbitFaults.IsExpected(e) && !ct.IsCancellationRequested)
                throw parts.Connections.Faults.Explain(e, "reading what is remembered of the source");
            throw;
        }
    }

    private async Task ClaimAsync(RabbitDestination destination, IConnection connection, bool isStart, CancellationToken ct)
    {
        await parts.Topology.DeclareSourceAsync(connection, destination.Names, ct).ConfigureAwait(false);
        if (isStart)
            await parts.Topology.DeclareExchangeAsync(connection, destination.Names, ct).ConfigureAwait(false);
        var kept = await destination.Memory.OpenAsync(connection, ct).ConfigureAwait(false);
        if (kept.FirstOrDefault(m => m.Source != source) is { } other)
            throw new TransportException(
                $"'{destination.Names.Destination}' belongs to the source '{other.Source}', not to '{source}': two services must not publish one contract. Take the publication out of '{source}'; "
                    + $"if it is to take the contract over, stop '{other.Source}', and remove the queue '{destination.Names.Last}': it is made anew."
            );
        if (kept.LastOrDefault() is { } newest && newest.Lanes != destination.Lanes)
            await _drain.RequireDrainedAsync(destination, newest.Lanes, connection, ct).ConfigureAwait(false);
        if (await destination.Memory.SayAllAsync(ct).ConfigureAwait(false) is { } reason)
            throw new TransportException(reason);
        await destination.Memory.AnnounceAsync(asksQueues: true, ct).ConfigureAwait(false);
    }

    private async Task LookAsync(RabbitDestination destination, IConnection connection, CancellationToken ct)
    {
        var names = destination.Names;
        var last = await parts.Topology.FindAsync(connection, names.Last, ct).ConfigureAwait(false);
        var targets = await parts.Topology.FindAsync(connection, names.Targets, ct).ConfigureAwait(false);
        if (targets is not null)
            await RabbitDrain.ForgetDoublesAsync(names, targets.MessageCount, connection, ct).ConfigureAwait(false);
        if (
            last is { MessageCount: > 0 }
            && targets is not null
            && await parts.Topology.FindAsync(connection, names.Requests, ct).ConfigureAwait(false) is not null
            && await parts.Topology.HasExchangeAsync(connection, names.Control, ct).ConfigureAwait(false)
            && await parts.Topology.HasExchangeAsync(connection, names.Asks, ct).ConfigureAwait(false)
            // An exchange that went and was made anew by others has none of the bindings.
            && await destination.Memory.HearsAsync(ct).ConfigureAwait(false)
        )
        {
            await parts.Topology.BindSourceAsync(connection, names, ct).ConfigureAwait(false);
            return;
        }
        LogMessages.MemoryMissing(parts.Surroundings.Logger, names.Destination);
        // With an exchange the way to what is heard is gone too: all of it is opened anew.
        await RabbitConnections.AbandonAsync(connection).ConfigureAwait(false);
        await EnsureAsync(ct).ConfigureAwait(false);
    }
}
