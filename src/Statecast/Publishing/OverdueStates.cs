using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>
/// Which keys are due to be said in full because patches alone were sent of them for too long: a target that waits for a base and cannot ask for it gets it by
/// then, changes or none. A pass goes from the longest due to the newest, a page at a time, then rests.
/// </summary>
internal sealed class OverdueStates(IRepublishStore store, TimeProvider clock)
{
    // A key is said in full at most this part of the allowed time late.
    private const int PassesPerTime = 10;

    private readonly Dictionary<string, Pass> _passes = new(StringComparer.Ordinal);

    /// <summary>The next keys of one of the publications; null if none is due now.</summary>
    public async ValueTask<(Publication Publication, IReadOnlyList<string> Keys)?> NextAsync(IRepublishSession session, int maxKeys)
    {
        foreach (var publication in session.Publications)
        {
            if (publication.Options.Patches is not { } patches)
                continue;
            var now = clock.GetUtcNow();
            var pass = _passes.GetValueOrDefault(publication.Contract.Name);
            if (now < pass.From)
                continue;
            var page = await store
                .ReadPatchedAsync(session.Scope, publication.Contract.Name, pass.After, now - patches.FullAfter, maxKeys)
                .ConfigureAwait(false);
            // What could not be said is met again by the next pass only.
            _passes[publication.Contract.Name] =
                page.Count < maxKeys ? new(now + patches.FullAfter / PassesPerTime, null) : pass with { After = page[^1] };
            if (page.Count > 0)
                return (publication, [.. page.Select(h => h.Key)]);
        }
        return null;
    }

    private readonly record struct Pass(DateTimeOffset From, PatchedHead? After);
}
