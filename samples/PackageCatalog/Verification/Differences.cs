namespace PackageCatalog.Verification;

/// <summary>Collects what differs, and stops where it is enough to see.</summary>
internal sealed class Differences
{
    private const int Most = 10;
    private readonly List<string> _lines = [];
    private int _more;

    public IReadOnlyList<string> Lines => _more == 0 ? _lines : [.. _lines, $"and {_more} more."];

    public void Add(string line)
    {
        if (_lines.Count < Most)
            _lines.Add(line);
        else
            _more++;
    }
}
