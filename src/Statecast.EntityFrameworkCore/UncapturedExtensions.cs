using Microsoft.EntityFrameworkCore;

namespace Statecast.EntityFrameworkCore;

/// <summary>Lets a statement pass that changes published rows without being captured.</summary>
public static class UncapturedExtensions
{
    /// <summary>The tag. In raw SQL, write it as a comment: <c>/* statecast:allow */</c>.</summary>
    public const string Tag = "statecast:allow";

    /// <summary>
    /// Allows ExecuteUpdate or ExecuteDelete on published rows. The change is <b>not</b> captured: republish what it touched
    /// (<c>IStatecast.RepublishAsync</c>), or targets keep the old state.
    /// </summary>
    public static IQueryable<T> AllowUncaptured<T>(this IQueryable<T> query) => query.TagWith(Tag);
}
