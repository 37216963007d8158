using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// Publishes with confirmations, over one connection at a time. A confirmation that does not come in time, and whatever else fails, costs the connection: the
/// next messages go over a fresh one.
/// </summary>
internal sealed class RabbitPublisher(RabbitConnections connections, string who, TimeSpan deadline, TimeProvider clock, ILogger logger)
    : IAsyncDisposable
{
    // One at a time hands over.
    private readonly SemaphoreSlim _handing = new(1, 1);
    private readonly CancellationTokenSource _closing = new();

    // Guards the link, which is opened once for all who wait for it.
    private readonly Lock _gate = new();
    private Task<RabbitLink>? _link;
    private int _disposed;

    /// <summary>For tests that break the connection.</summary>
    internal IConnection? Connection => _link is { IsCompletedSuccessfully: true } open ? open.Result.Connection : null;

    /// <summary>Opens the connection now, for a start that is to fail if it cannot be.</summary>
    public async Task ConnectAsync(CancellationToken ct) => await Link().WaitAsync(ct).ConfigureAwait(false);

    /// <summary>Publishes messages and waits for the answers.</summary>
    /// <param name="publishes">The messages, in order.</param>
    /// <param name="turn">Waited for before the first is handed over, and told when the last was: batches keep the order in which they were called; null for any.</param>
    /// <param name="ct">Ends the wait.</param>
    public async Task<RabbitOutcome[]> PublishAsync(IReadOnlyList<RabbitPublish> publishes, RabbitTurn? turn, CancellationToken ct)
    {
        if (publishes.Count == 0)
            return [];
        using var timeout = new CancellationTokenSource(deadline, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        var batch = new RabbitBatch(publishes.Count);
        RabbitLink? link = null;
        try
        {
            if (turn is not null)
                await turn.ComesAsync(either.Token).ConfigureAwait(false);
            link = await Link().WaitAsync(either.Token).ConfigureAwait(false);
            if (link.BlockedFor is not null)
                await link.WhenUnblocked.WaitAsync(either.Token).ConfigureAwait(false);
            await HandOverAsync(link, publishes, batch, either.Token).ConfigureAwait(false);
            turn?.IsOver();
            var outcomes = await batch.Outcomes.WaitAsync(either.Token).ConfigureAwait(false);
            RenewIfRefused(link, outcomes);
            return outcomes;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return await GiveUpAsync(link, batch).ConfigureAwait(false);
        }
        catch (TransportException e)
        {
            batch.GiveUp(e.Message);
            return await batch.Outcomes.ConfigureAwait(false);
        }
        finally
        {
            link?.Forget(batch);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        await _closing.CancelAsync().ConfigureAwait(false);
        Task<RabbitLink>? last;
        lock (_gate)
            last = _link;
        try
        {
            if (last is not null && await last.ConfigureAwait(false) is { } link)
            {
                link.Break("The sender was closed.");
                await link.AbandonAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e) || e is TransportException)
        {
            // It was never opened: there is nothing to close.
        }
        _handing.Dispose();
        _closing.Dispose();
    }

    private async Task HandOverAsync(RabbitLink link, IReadOnlyList<RabbitPublish> publishes, RabbitBatch batch, CancellationToken ct)
    {
        await _handing.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await link.HandOverAsync(publishes, batch, ct).ConfigureAwait(false);
        }
        finally
        {
            _handing.Release();
        }
    }

    // A broker whose queue's limit was taken away may go on refusing over channels that it told of the limit (3.10 does, for good): a fresh one finds out.
    private void RenewIfRefused(RabbitLink link, RabbitOutcome[] outcomes)
    {
        if (outcomes.Any(o => o.Answer == RabbitAnswer.Refused) && link.Refused(clock) >= deadline)
            link.Break("RabbitMQ refuses messages over this connection; it is tried over a fresh one.");
    }

    private async Task<RabbitOutcome[]> GiveUpAsync(RabbitLink? link, RabbitBatch batch)
    {
        var reason = link?.BlockedFor is { } blocked
            ? $"RabbitMQ takes nothing now: {blocked}. It is low on memory or disk: free some on the broker, or raise its limits (vm_memory_high_watermark, disk_free_limit). It is tried again."
            : $"RabbitMQ did not confirm within {deadline.TotalSeconds:0.###} s; the connection is given up, and it is sent again over a fresh one.";
        batch.GiveUp(reason);
        if (link is not null)
        {
            link.Break(reason);
            // Nobody waits for the end of what is gone.
            _ = link.AbandonAsync();
        }
        return await batch.Outcomes.ConfigureAwait(false);
    }

    // Opening is nobody's own: who cannot wait any longer leaves it to the next, for a broker that is slow would else never be reached.
    private Task<RabbitLink> Link()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed == 1, this);
            if (_link is { IsCompleted: false } or { IsCompletedSuccessfully: true, Result.IsBroken: false })
                return _link;
            return _link = OpenAsync(_link is { IsCompletedSuccessfully: true } broken ? broken.Result : null);
        }
    }

    private async Task<RabbitLink> OpenAsync(RabbitLink? broken)
    {
        if (broken is not null)
            _ = broken.AbandonAsync();
        return await RabbitLink.OpenAsync(connections, who, logger, _closing.Token).ConfigureAwait(false);
    }
}
