namespace Statecast.Publishing;

/// <summary>A source's database as its republisher works on it.</summary>
public interface IRepublishDatabase
{
    /// <summary>Looks at the database without keeping any writer waiting.</summary>
    /// <param name="work">What is done, in a session whose scope only reads (<see cref="CaptureScope.OnlyReads"/>).</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>What the work returns; null, without calling it, where the database has no such look.</returns>
    Task<AnswersAhead?> ReadAsync(Func<IRepublishSession, ValueTask<AnswersAhead?>> work, CancellationToken ct);

    /// <summary>Does work in a transaction, which is committed then.</summary>
    /// <param name="work">What is done; anew where the transaction is tried again.</param>
    /// <param name="ct">Ends it.</param>
    Task<RepublishChunk> WriteAsync(Func<IRepublishSession, ValueTask<RepublishChunk>> work, CancellationToken ct);
}
