namespace Statecast.Consuming;

/// <summary>
/// How many events the next batch may hold. A file's pages are written once a batch: while a replica is behind, larger batches write fewer of them. In memory a
/// commit costs nothing, and a larger batch pays only where keys come again in it, since each is written once. A replica that has caught up takes small ones,
/// which are in sooner.
/// </summary>
/// <param name="usual">The most of a replica that keeps up.</param>
/// <param name="most">The most of one that is far behind.</param>
/// <param name="forRepeats">Whether only keys that come again make a larger batch worth it.</param>
internal sealed class BatchSize(int usual, int most, bool forRepeats = false)
{
    // One event in so many must be of a key that the batch has already.
    private const int FewestRepeats = 16;

    private readonly int _usual = usual;
    private readonly int _most = Math.Max(usual, most);

    /// <summary>The most events of the next batch.</summary>
    public int Next { get; private set; } = usual;

    /// <summary>A batch came.</summary>
    /// <param name="events">How many events it holds; fewer than asked for where their bytes cut it.</param>
    /// <param name="keys">How many keys they are of.</param>
    /// <param name="more">Whether it left something behind.</param>
    public void Came(int events, int keys, bool more)
    {
        if (!more || (forRepeats && FewestRepeats * (long)(events - keys) < events))
            Next = _usual;
        else if (events >= Next)
            Next = (int)Math.Min(_most, 2L * Next);
    }
}
