namespace Statecast.Publishing;

/// <summary>How one source's republisher stands. A range looks at every key twice: by its head, and by its row.</summary>
/// <param name="Source">The source's name.</param>
/// <param name="Requests">Requests in the queue when it was last counted, the one that is worked on included; 0 while nothing is queued, or where the source cannot tell.</param>
/// <param name="Done">Keys looked at since the queue was last empty, by this process.</param>
/// <param name="KeysPerSecond">How many a second, on the average of that time; 0 while nothing is queued.</param>
/// <param name="Remaining">About how many keys are still to be looked at; null if the source cannot tell.</param>
/// <param name="Withheld">Keys whose rows cannot be published as they are: while there are any, no first republish ends and replicas of the contract are not Live. Told in the log; tried again every 30 s.</param>
public sealed record RepublishProgress(string Source, long Requests, long Done, double KeysPerSecond, long? Remaining, long Withheld = 0)
{
    /// <summary>About how long that takes at this rate; null if it cannot be told.</summary>
    public TimeSpan? RemainingTime =>
        Remaining is not { } keys ? null
        : keys == 0 ? TimeSpan.Zero
        : KeysPerSecond > 0 ? TimeSpan.FromSeconds(Math.Min(keys / KeysPerSecond, TimeSpan.MaxValue.TotalSeconds / 2))
        : null;
}

/// <summary>What the republisher has to do.</summary>
/// <param name="Requests">The requests in the queue.</param>
/// <param name="Keys">About how many keys they look at from now on; null if the source cannot count its rows.</param>
/// <param name="Withheld">Keys whose rows cannot be published as they are.</param>
public readonly record struct RepublishQueue(long Requests, long? Keys, long Withheld = 0);
