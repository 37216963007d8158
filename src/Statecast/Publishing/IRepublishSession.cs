namespace Statecast.Publishing;

/// <summary>What the republisher works on: one transaction of a source.</summary>
public interface IRepublishSession
{
    /// <summary>The transaction.</summary>
    CaptureScope Scope { get; }

    /// <summary>What the source publishes.</summary>
    IReadOnlyList<Publication> Publications { get; }

    /// <summary>The states of these keys, to be read under their locks.</summary>
    ICaptureSet Select(Publication publication, IReadOnlyList<string> keys);

    /// <summary>The keys of the next rows, whether published or not, in any fixed order.</summary>
    /// <param name="publication">The publication.</param>
    /// <param name="after">Null for the first page, else <see cref="RowPage.Next"/> of the page before.</param>
    /// <param name="limit">The most keys.</param>
    ValueTask<RowPage> ReadRowsAsync(Publication publication, string? after, int limit);

    /// <summary>How many rows come after a page, or in all; null (the default) if that cannot be told.</summary>
    /// <param name="publication">The publication.</param>
    /// <param name="after">Null for all, else <see cref="RowPage.Next"/> of the page.</param>
    ValueTask<long?> CountRowsAsync(Publication publication, string? after) => default;
}

/// <summary>A page of rows.</summary>
/// <param name="Keys">The text forms of their keys.</param>
/// <param name="Next">Where the next page begins; null after the last.</param>
public readonly record struct RowPage(IReadOnlyList<string> Keys, string? Next);
