namespace Statecast.Codecs.Tests.Resolution;

/// <summary>Whose turn it is at every place where one of several things can stand, so that bodies together hold each of them at each.</summary>
internal sealed class Turns
{
    private const int MaxBodies = 200;

    private readonly Dictionary<string, int> _turns = new(StringComparer.Ordinal);
    private bool _met;

    /// <summary>Bodies until nothing new is met for a while: what stands within a branch within a branch comes round every so many only.</summary>
    public IReadOnlyList<byte[]> Bodies(Func<byte[]> next)
    {
        var bodies = new List<byte[]>();
        for (var idle = 0; idle < 16 && bodies.Count < MaxBodies; )
        {
            _met = false;
            var body = next();
            idle = _met ? 0 : idle + 1;
            if (_met || bodies.Count == 0)
                bodies.Add(body);
        }
        return bodies;
    }

    /// <summary>The next of so many at a place.</summary>
    public int Next(string path, int count)
    {
        var turn = _turns.GetValueOrDefault(path);
        _turns[path] = turn + 1;
        _met |= turn < count;
        return turn % count;
    }
}
