using Microsoft.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Shape;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>Touched roots of one publication, read back in the save's own transaction.</summary>
internal sealed class EfCaptureSet : ICaptureSet
{
    private readonly DbContext _context;
    private readonly BoundPublication _publication;
    private readonly List<TouchedRoot> _roots;
    private readonly string[] _keys;

    public EfCaptureSet(DbContext context, BoundPublication publication, List<TouchedRoot> roots)
    {
        _context = context;
        _publication = publication;
        _roots = roots;
        if (roots.Count > 1)
            roots.Sort(static (a, b) => string.CompareOrdinal(a.Text, b.Text));
        _keys = new string[roots.Count];
        for (var i = 0; i < _keys.Length; i++)
            _keys[i] = roots[i].Text;
    }

    /// <summary>Rows that the tracker says are in a root, and the root read back does not hold; known once it was read.</summary>
    public List<ExpectedRow> Missing { get; } = [];

    public Publication Publication => _publication.Publication.Publication;

    public IReadOnlyList<string> Keys => _keys;

    public string? CausesOf(string key)
    {
        var place = Array.BinarySearch(_keys, key, StringComparer.Ordinal);
        return place < 0 ? null : _roots[place].Causes;
    }

    public ValueTask<IReadOnlyList<KeyState>> ReadAsync(CaptureScope scope)
    {
        Missing.Clear();
        return _publication.ReadAsync(_context, _roots, Missing, scope.Synchronous, scope.CancellationToken);
    }
}
