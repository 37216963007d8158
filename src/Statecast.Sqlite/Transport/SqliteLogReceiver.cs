using Microsoft.Extensions.Logging;
using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Sqlite.Transport;

/// <summary>
/// A target's side of the log for one contract. The contract belongs to the source that the target knows, also while its file is away; for a new target to
/// the one whose file was made first. What another source's file holds of it is handed over as unreadable, with the reason.
/// </summary>
internal sealed class SqliteLogReceiver : ITransportReceiver
{
    private readonly SqliteLogDirectory _directory;
    private readonly SqliteLogListener _listener;
    private readonly long _maxBytes;
    private readonly ILogger _logger;
    private readonly Dictionary<SqliteLogFile, Intruder> _intruders = [];
    private SqliteLogFile? _owner;
    private long _incarnation;
    private SqliteLogCursor[] _cursors = [];
    private bool _disposed;

    // Once known it is no other's, until the replica is filled anew.
    private string? _source;
    private bool _toldAway;

    public SqliteLogReceiver(SqliteLogDirectory directory, SqliteLogListener listener, ReceiverOptions options, ILogger logger)
    {
        (_directory, _listener, _maxBytes, _source, _logger) = (directory, listener, options.MaxBytes, options.Source, logger);
        listener.Join();
    }

    public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxEvents);
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_disposed, this);
            var beat = _listener.Next;
            if (Look(maxEvents) is { } delivery)
                return delivery;
            await beat.WaitAsync(ct).ConfigureAwait(false);
        }
    }

    public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct)
    {
        if (Array.Find(_cursors, c => c.Lane == lane) is { } cursor)
        {
            cursor.Seek(position);
            _owner!.HasMore = true;
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        if (_disposed)
            return ValueTask.CompletedTask;
        _disposed = true;
        _listener.Leave();
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    private Delivery? Look(int maxEvents)
    {
        _directory.Refresh();
        if (Change(_directory.Publishing.ToList()) is { } lanes)
            return lanes;
        if (_owner is null)
            return null;
        var news = _owner.Read(_cursors, maxEvents, _maxBytes);
        var batches = news?.Batches ?? [];
        foreach (var (file, intruder) in _intruders)
        {
            // What others take counts against the same caps: it is held by the target too.
            var room = maxEvents - batches.Sum(b => b.Events.Count);
            var bytes = _maxBytes - batches.Sum(BytesOf);
            if (room <= 0 || bytes <= 0 || !Array.TrueForAll(_cursors, c => c.Sought))
                break;
            if (file.Read(intruder.Cursors, room, bytes) is { } foreign)
                Refuse(file, foreign.Batches, batches);
        }
        var heartbeats = news?.Heartbeat is { } word ? new[] { word } : [];
        return batches.Count == 0 && heartbeats.Length == 0 ? null : new() { Batches = batches, Heartbeats = heartbeats };
    }

    // Lanes open with the file that owns the contract, and close when it goes or is made anew.
    private Delivery? Change(List<SqliteLogFile> publishing)
    {
        var owner =
            _owner is not null && publishing.Contains(_owner)
                ? _owner
                : publishing.FirstOrDefault(f => _source is null || f.Header.Source == _source);
        _source ??= owner?.Header.Source;
        if (owner is null && publishing.Count > 0 && !_toldAway)
            LogMessages.OwnerAway(_logger, publishing[0].Path, publishing[0].Header.Source, publishing[0].Destination!.Name, _source!);
        _toldAway = owner is null && publishing.Count > 0;
        foreach (var (file, intruder) in _intruders.ToList())
            if (file == owner || file.Header.Incarnation != intruder.Incarnation || !publishing.Contains(file))
                _intruders.Remove(file);
        foreach (var file in publishing)
            if (owner is not null && file != owner && !_intruders.ContainsKey(file))
            {
                LogMessages.SecondSource(_logger, file.Path, file.Header.Source, file.Destination!.Name, owner.Header.Source);
                _intruders.Add(file, new(file.Header.Incarnation, CursorsOf(file.Destination, sought: true)));
            }
        if (owner == _owner && (owner is null || owner.Header.Incarnation == _incarnation))
            return null;
        var closed = _cursors.Select(c => c.Lane).ToList();
        (_owner, _incarnation) = (owner, owner?.Header.Incarnation ?? 0);
        _cursors = owner is null ? [] : CursorsOf(owner.Destination!, sought: false);
        var ends = owner?.ReadEnds() ?? [];
        return new() { Closed = closed, Opened = [.. _cursors.Select((c, i) => new LaneOpened(c.Lane, _incarnation, ends[i]))] };
    }

    private void Refuse(SqliteLogFile file, List<LaneBatch> foreign, List<LaneBatch> batches)
    {
        var reason =
            $"'{file.Header.Source}' publishes '{file.Destination!.Name}' too, which belongs to source '{_owner!.Header.Source}': two services must not publish one contract.";
        foreach (var batch in foreign)
        {
            if (batch.Events.Count == 0)
                continue;
            // Reported on a lane of the owner's, whose position it does not move.
            var cursor = _cursors[batch.Lane.Number % _cursors.Length];
            batches.Add(new(cursor.Lane, [.. batch.Events.Select(e => Refuse(e, reason))], cursor.Next, AtTail: false));
        }
    }

    private static long BytesOf(LaneBatch batch) => batch.Events.Sum(e => (long)(e.Event?.Body.Length ?? e.Raw.Length));

    private static ReceivedEvent Refuse(ReceivedEvent received, string reason) =>
        new(null, received.Position, received.Event?.Key ?? received.Key, reason, received.Event?.Body ?? received.Raw);

    private static SqliteLogCursor[] CursorsOf(SqliteLogDestination destination, bool sought)
    {
        var cursors = destination.Lanes.Select(lane => new SqliteLogCursor(lane)).ToArray();
        if (sought)
            foreach (var cursor in cursors)
                cursor.Seek(0);
        return cursors;
    }

    private sealed record Intruder(long Incarnation, SqliteLogCursor[] Cursors);
}
