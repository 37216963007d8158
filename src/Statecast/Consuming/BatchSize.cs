namespace Statecast.Consuming;

/// <summary>
/// How many events the next batch may hold. A file's pages are written once a batch: while a replica is behind, larger batches write fewer of them; once it has
/// caught up, small ones are in sooner.
/// </summary>
/// <param name="usual">The most of a replica that keeps up.</param>
/// <param name="most">The most of one that is far behind.</param>
internal sealed class BatchSize(int usual, int most)
{
    private readonly int _usual = usual;
    private readonly int _most = Math.Max(usual, most);

    /// <summary>The most events of the next batch.</summary>
    public int Next { get; private set; } = usual;

    /// <summary>A batch came.</summary>
    /// <param name="events">How many events it holds; fewer than asked for where their bytes cut it.</param>
    /// <param name="more">Whether it left something behind.</param>
    public void Came(int events, bool more)
    {
        if (!more)
            Next = _usual;
        else if (events >= Next)
            Next = (int)Math.Min(_most, 2L * Next);
    }
}
