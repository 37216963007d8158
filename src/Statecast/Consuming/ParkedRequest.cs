using Statecast.Events;

namespace Statecast.Consuming;

/// <summary>What the apply loop is asked for between deliveries.</summary>
/// <param name="Key">The key; null for all that is parked.</param>
/// <param name="Drop">Whether to drop instead of trying again.</param>
/// <param name="Done">Told how many were worked on.</param>
internal sealed record ParkedRequest(string? Key, bool Drop, TaskCompletionSource<int> Done)
{
    /// <summary>Set where the key's stored state turned out to be none: it is to be parked.</summary>
    public (StateRevision Revision, string Reason)? Unreadable { get; init; }
}
