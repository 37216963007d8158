using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>
/// Numbers that stand for handlers' and indexes' names in the file, so that a changed order of registration changes no meaning.
/// A handler's number is its bit in a row's <c>seen</c>; bits of handlers that the layout no longer names are left as they are.
/// </summary>
internal sealed class SqliteReplicaNames
{
    private const int Handler = 1;
    private const int Index = 2;
    private const int MaxHandlers = 63;
    private readonly int[] _handlers;
    private readonly Dictionary<string, int> _handlerNumbers;
    private readonly Dictionary<string, int> _indexNumbers;
    private readonly bool _inOrder = true;

    private SqliteReplicaNames(ReplicaLayout layout, Dictionary<string, int> handlers, Dictionary<string, int> indexes)
    {
        _handlerNumbers = handlers;
        _indexNumbers = indexes;
        _handlers = [.. layout.Handlers.Select(name => handlers[name])];
        for (var i = 0; i < _handlers.Length; i++)
        {
            _inOrder &= _handlers[i] == i;
            KnownBits |= 1L << _handlers[i];
        }
    }

    /// <summary>The stored bits that belong to the layout's handlers.</summary>
    public long KnownBits { get; }

    /// <summary>Reads the numbers and gives new names theirs, within the caller's write transaction.</summary>
    public static SqliteReplicaNames Open(SqliteDatabase database, long replica, ReplicaLayout layout)
    {
        if (layout.Handlers.Count > MaxHandlers)
            throw new ReplicaStoreException(
                $"The replica '{layout.Name}' has {layout.Handlers.Count} handlers; at most {MaxHandlers} are kept apart. Join some of them."
            );
        var handlers = Assign(database, replica, Handler, layout.Handlers, MaxHandlers, layout.Name);
        return new(layout, handlers, Assign(database, replica, Index, layout.Indexes, int.MaxValue, layout.Name));
    }

    /// <summary>A handler's number, also of one that only an earlier layout named.</summary>
    public int HandlerNumber(string name) =>
        FindHandler(name) ?? throw new ArgumentException($"The replica never had a handler '{name}'.", nameof(name));

    /// <summary>A handler's number; null if the replica never had it.</summary>
    public int? FindHandler(string name) => _handlerNumbers.TryGetValue(name, out var number) ? number : null;

    /// <summary>An index's number.</summary>
    public int IndexNumber(string name) =>
        _indexNumbers.TryGetValue(name, out var number)
            ? number
            : throw new ArgumentException($"The replica's layout names no index '{name}'.", nameof(name));

    /// <summary>From a bit per handler in the layout's order to the stored bits.</summary>
    public long ToStored(long seen)
    {
        if (_inOrder)
            return seen & KnownBits;
        var stored = 0L;
        for (var i = 0; i < _handlers.Length; i++)
            stored |= ((seen >> i) & 1) << _handlers[i];
        return stored;
    }

    /// <summary>From the stored bits to a bit per handler in the layout's order.</summary>
    public long FromStored(long stored)
    {
        if (_inOrder)
            return stored & KnownBits;
        var seen = 0L;
        for (var i = 0; i < _handlers.Length; i++)
            seen |= ((stored >> _handlers[i]) & 1) << i;
        return seen;
    }

    private static Dictionary<string, int> Assign(
        SqliteDatabase database,
        long replica,
        int kind,
        IReadOnlyList<string> names,
        int limit,
        string replicaName
    )
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var select = database
            .Prepare("SELECT name, number FROM statecast_replica_name WHERE replica = ?1 AND kind = ?2")
            .Bind(1, replica)
            .Bind(2, kind);
        while (select.Step())
            numbers.Add(select.Text(0), select.Int32(1));
        foreach (var name in names)
        {
            if (numbers.ContainsKey(name))
                continue;
            var number = 0;
            while (numbers.ContainsValue(number))
                number++;
            if (number >= limit)
                throw new ReplicaStoreException(
                    $"The replica '{replicaName}' has seen {limit} handlers over time and remembers each. Move its file away, so that it is filled anew."
                );
            numbers.Add(name, number);
            database
                .Prepare("INSERT INTO statecast_replica_name (replica, kind, name, number) VALUES (?1, ?2, ?3, ?4)")
                .Bind(1, replica)
                .Bind(2, kind)
                .Bind(3, name)
                .Bind(4, number)
                .Run();
        }
        return numbers;
    }
}
