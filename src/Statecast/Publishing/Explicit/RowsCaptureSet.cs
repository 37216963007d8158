using System.Data.Common;
using Statecast.Events;

namespace Statecast.Publishing.Explicit;

/// <summary>The touched keys of one contract: states as they were handed over, or read back under the keys' locks.</summary>
internal sealed class RowsCaptureSet : ICaptureSet
{
    private readonly RowsPublication _rows;
    private readonly DbTransaction _transaction;
    private readonly SortedDictionary<string, Touch> _touched = new(StringComparer.Ordinal);

    public RowsCaptureSet(RowsPublication rows, DbTransaction transaction, IEnumerable<StateWrite> writes)
    {
        (_rows, _transaction) = (rows, transaction);
        foreach (var write in writes)
            _touched[write.Key] = new(
                write.State,
                write.IsReadBack,
                _touched.TryGetValue(write.Key, out var before) ? Causes.Join(before.Causes, write.Cause) : write.Cause
            );
        Keys = [.. _touched.Keys];
    }

    public RowsCaptureSet(RowsPublication rows, DbTransaction transaction, IReadOnlyList<string> keys)
    {
        (_rows, _transaction, Keys) = (rows, transaction, keys);
        foreach (var key in keys)
            _touched.Add(key, new(null, IsReadBack: true, null));
    }

    public Publication Publication => _rows.Publication;

    public IReadOnlyList<string> Keys { get; }

    public string? CausesOf(string key) => _touched.GetValueOrDefault(key).Causes;

    public async ValueTask<IReadOnlyList<KeyState>> ReadAsync(CaptureScope scope)
    {
        var unknown = Keys.Where(k => _touched[k].IsReadBack).ToList();
        var found = unknown.Count == 0 ? [] : await FindAsync(unknown, scope).ConfigureAwait(false);
        var next = 0;
        return [.. Keys.Select(k => _touched[k] is { IsReadBack: false } handed ? _rows.Written(k, handed.State) : found[next++])];
    }

    private ValueTask<IReadOnlyList<KeyState>> FindAsync(IReadOnlyList<string> keys, CaptureScope scope)
    {
        var finding = _rows.FindAsync(_transaction, keys, scope.CancellationToken);
        if (scope.Synchronous && !finding.IsCompleted)
            throw new InvalidOperationException(
                $"FindAsync of {Publication.Contract.Name} waited asynchronously in a synchronous Publish. Call PublishAsync, or read synchronously."
            );
        return finding;
    }

    private readonly record struct Touch(object? State, bool IsReadBack, string? Causes);
}
