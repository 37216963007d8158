namespace Statecast.EntityFrameworkCore;

/// <summary>
/// What a row of Statecast's own tables is to an application's model, so that the tables are in its migrations. Nothing loads or tracks one. A class of its own
/// with a virtual indexer, because a dictionary cannot be a proxy: a context with change-tracking proxies makes one of every entity type.
/// </summary>
public class TableRow
{
    private readonly Dictionary<string, object?> _values = [];

    /// <summary>The value of a column; null if there is none.</summary>
    public virtual object? this[string column]
    {
        get => _values.GetValueOrDefault(column);
        set => _values[column] = value;
    }
}
