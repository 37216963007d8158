using Microsoft.Data.Sqlite;
using Statecast.Events;
using Statecast.Sqlite.Files;
using Statecast.Transport;

namespace Statecast.Sqlite.Transport;

/// <summary>
/// A source's side of its log file. One transaction per batch, synced to disk before it is confirmed; a record is appended only if the guard accepts it
/// over the key's newest, and takes that one's place.
/// </summary>
internal sealed class SqliteLogSender : ITransportSender
{
    private readonly SqliteLogOptions _options;
    private readonly IGuard _guard;
    private readonly TimeProvider _clock;
    private readonly SqliteLogWaker _waker;
    private readonly Func<CancellationToken, ValueTask<SqliteLogWriter>> _open;

    // One writer at a time: sends keep the order in which they were called.
    private readonly SemaphoreSlim _gate = new(1, 1);

    // Guarded by the gate.
    private SqliteLogWriter _writer;
    private bool _disposed;

    public SqliteLogSender(
        SqliteLogOptions options,
        IGuard guard,
        TimeProvider clock,
        SqliteLogWaker waker,
        SqliteLogWriter writer,
        Func<CancellationToken, ValueTask<SqliteLogWriter>> open
    ) => (_options, _guard, _clock, _waker, _writer, _open) = (options, guard, clock, waker, writer, open);

    private SqliteDatabase Database => _writer.Database;

    public async ValueTask<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<StateEvent> events, CancellationToken ct)
    {
        if (events.Count == 0)
            return [];
        return await UseAsync(
                async () =>
                {
                    ct.ThrowIfCancellationRequested();
                    var outcomes = new SendOutcome[events.Count];
                    if (await AppendAsync(events, outcomes, ct).ConfigureAwait(false))
                        _waker.Wake();
                    return outcomes;
                },
                ct
            )
            .ConfigureAwait(false);
    }

    public ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
        UseAsync<IReadOnlyList<LaneEnd>>(
            async () =>
            {
                await FollowAsync(ct).ConfigureAwait(false);
                return Database.Read(_ => EndsOf(lanes));
            },
            ct
        );

    public async ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct) =>
        await UseAsync(
                async () =>
                {
                    // Its ends are those of this file: a new one has to be looked at first.
                    if (!_writer.IsCurrent())
                        throw new TransportException($"The log file '{Database.Path}' was removed or replaced; its ends are read again.");
                    await Database.WriteAsync(database => Say(database, heartbeat), _clock, ct).ConfigureAwait(false);
                    _waker.Wake();
                    return true;
                },
                ct
            )
            .ConfigureAwait(false);

    public ValueTask<IReadOnlyList<SentMark>> ReadMarksAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
        UseAsync<IReadOnlyList<SentMark>>(
            async () =>
            {
                await FollowAsync(ct).ConfigureAwait(false);
                var asked = lanes.ToHashSet();
                return Database.Read(_ =>
                {
                    var marks = new List<SentMark>();
                    foreach (var name in asked.Select(l => l.Destination).Distinct())
                        SqliteLogMarks.Read(Database, AppenderOf(new(name, 0)).Destination, asked, marks);
                    return marks;
                });
            },
            ct
        );

    public ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct) =>
        throw new NotSupportedException("The SQLite log appends by condition: nothing foreign can stand in it, and nothing is read back.");

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        if (!_disposed)
        {
            _disposed = true;
            _writer.Dispose();
            _waker.Dispose();
        }
        _gate.Release();
    }

    private async ValueTask<T> UseAsync<T>(Func<ValueTask<T>> work, CancellationToken ct)
    {
        await _gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return await work().ConfigureAwait(false);
        }
        catch (SqliteException e)
        {
            throw new TransportException(SqliteLogTransport.Explain(e, Database.Path, _options), e);
        }
        finally
        {
            _gate.Release();
        }
    }

    private List<LaneEnd> EndsOf(IReadOnlyCollection<LaneId> lanes)
    {
        var known = new Dictionary<string, long[]>(StringComparer.Ordinal);
        var ends = new List<LaneEnd>(lanes.Count);
        foreach (var lane in lanes)
        {
            var destination = AppenderOf(lane).Destination;
            if (!known.TryGetValue(lane.Destination, out var positions))
                known.Add(lane.Destination, positions = destination.ReadEnds(Database));
            ends.Add(new(lane, _writer.Incarnation, positions[lane.Number], 0));
        }
        return ends;
    }

    private bool Say(SqliteDatabase database, Heartbeat heartbeat)
    {
        var destination = AppenderOf(new(heartbeat.Destination, 0)).Destination;
        SqliteLogHeartbeat.Write(database, destination, heartbeat);
        foreach (var end in heartbeat.Ends)
            SqliteLogMarks.Write(database, destination, end.Lane.Number, heartbeat.Epoch, heartbeat.LeaseId, end.Number);
        return true;
    }

    /// <summary>Appends in one transaction.</summary>
    /// <returns>Whether anything new stands in the log.</returns>
    private async ValueTask<bool> AppendAsync(IReadOnlyList<StateEvent> events, SendOutcome[] outcomes, CancellationToken ct)
    {
        var committing = false;
        try
        {
            await FollowAsync(ct).ConfigureAwait(false);
            await Database.BeginWriteAsync(_clock, ct).ConfigureAwait(false);
            for (var i = 0; i < events.Count; i++)
                outcomes[i] = _writer.Find(events[i].Lane) is { } appender ? appender.Append(_guard, events[i]) : Unknown(events[i].Lane);
            foreach (var appender in _writer.Appenders.Values)
                appender.WriteEnds();
            committing = true;
            Database.Commit();
        }
        catch (Exception e) when (e is SqliteException or TransportException)
        {
            // A commit that failed half-way may still be found after a crash: nobody knows. Before it, nothing can be.
            var reason = e is SqliteException error ? SqliteLogTransport.Explain(error, Database.Path, _options) : e.Message;
            Array.Fill(outcomes, new(committing ? SendResult.Unknown : SendResult.Failed, 0, reason));
            return false;
        }
        finally
        {
            // Whatever it was that failed: a transaction left open would fail every batch after this one.
            foreach (var appender in _writer.Appenders.Values)
                appender.Forget();
            Database.Rollback();
        }
        return Array.Exists(outcomes, o => o.Result == SendResult.Confirmed);
    }

    // A file that was removed, or replaced by another process of this service, is left: the relay finds another incarnation and sends everything again.
    private async ValueTask FollowAsync(CancellationToken ct)
    {
        if (_writer.IsCurrent())
            return;
        var next = await _open(ct).ConfigureAwait(false);
        _writer.Dispose();
        _writer = next;
    }

    private SqliteLogAppender AppenderOf(LaneId lane) =>
        _writer.Find(lane) ?? throw new ArgumentException($"The lane {lane} was not declared when the sender was opened.", nameof(lane));

    private static SendOutcome Unknown(LaneId lane) =>
        new(SendResult.Failed, 0, $"The lane {lane} was not declared when the sender was opened: publish the contract, and restart.");
}
