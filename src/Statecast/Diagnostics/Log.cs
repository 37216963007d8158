using Microsoft.Extensions.Logging;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;

namespace Statecast.Diagnostics;

/// <summary>The log catalogue of hosting, republishers and targets; the relay has one of its own. Event ids are fixed, their ranges are in <c>docs/guide.md</c>. Payloads are never logged.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Error, "The loop '{Loop}' failed; it starts again in {Wait}.")]
    public static partial void LoopFailed(ILogger logger, Exception exception, string loop, TimeSpan wait);

    [LoggerMessage(1002, LogLevel.Information, "Statecast service '{Service}' started: {Sources} source(s), {Replicas} replica(s).")]
    public static partial void Started(ILogger logger, string service, int sources, int replicas);

    [LoggerMessage(1003, LogLevel.Information, "Statecast service '{Service}' stopped.")]
    public static partial void Stopped(ILogger logger, string service);

    [LoggerMessage(1004, LogLevel.Information, "The loop '{Loop}' works again.")]
    public static partial void LoopRecovered(ILogger logger, string loop);

    [LoggerMessage(
        1005,
        LogLevel.Warning,
        "The loop '{Loop}' had not ended {Waited} after the stop (Statecast:DrainTimeout, or the host's own time-out); what it had begun is done again at the next start."
    )]
    public static partial void DrainTimedOut(ILogger logger, string loop, TimeSpan waited);

    [LoggerMessage(2100, LogLevel.Information, "Source '{Source}' republished {Keys} keys.")]
    public static partial void Republished(ILogger logger, string source, long keys);

    [LoggerMessage(2101, LogLevel.Information, "Republish of {Contract} queued: {Reason}")]
    public static partial void RepublishQueued(ILogger logger, string contract, string reason);

    [LoggerMessage(2102, LogLevel.Error, "Republish passed {Contract} '{Key}' over: its state cannot be published")]
    public static partial void PassedOver(ILogger logger, string contract, string key, Exception exception);

    [LoggerMessage(
        2103,
        LogLevel.Information,
        "Source '{Source}' republishes: {Done} keys looked at, {Rate} a second; {Requests} request(s) queued, about {Remaining} keys to go, {Time}."
    )]
    public static partial void Republishing(
        ILogger logger,
        string source,
        long done,
        double rate,
        long requests,
        long? remaining,
        TimeSpan? time
    );

    [LoggerMessage(
        2104,
        LogLevel.Error,
        "Source '{Source}' has {Withheld} row(s) that cannot be published as they are (each was named before). Until they are mended, or left out with Where(…), replicas of their contracts that are new do not become Live; they are tried again every 30 s."
    )]
    public static partial void Withheld(ILogger logger, string source, long withheld);

    [LoggerMessage(
        2105,
        LogLevel.Information,
        "A target of {Destination} asks: {Target} wants {Count} range(s) of lane {Lane} (run {Run})."
    )]
    public static partial void RangesAsked(ILogger logger, string destination, string? target, int count, int lane, Guid run);

    [LoggerMessage(2106, LogLevel.Warning, "What a target of {Destination} asks for could not be queued; it is tried again.")]
    public static partial void RequestNotQueued(ILogger logger, Exception exception, string destination);

    [LoggerMessage(3001, LogLevel.Information, "Replica '{Replica}' reads from carrier '{Carrier}'; it is {State}.")]
    public static partial void Subscribed(ILogger logger, string replica, string carrier, ReplicaState state);

    [LoggerMessage(3002, LogLevel.Information, "Replica '{Replica}' went from {Before} to {After} with {Keys} keys.")]
    public static partial void ReplicaState(ILogger logger, string replica, ReplicaState before, ReplicaState after, long keys);

    [LoggerMessage(3003, LogLevel.Warning, "Replica '{Replica}' parked an event of key '{Key}': {Reason}")]
    public static partial void Parked(ILogger logger, string replica, string key, string reason);

    [LoggerMessage(3004, LogLevel.Error, "Replica '{Replica}' cannot apply; the same batch is tried again until it can.")]
    public static partial void ApplyFailing(ILogger logger, Exception exception, string replica);

    [LoggerMessage(3005, LogLevel.Information, "Replica '{Replica}' applies again.")]
    public static partial void ApplyRecovered(ILogger logger, string replica);

    [LoggerMessage(3006, LogLevel.Warning, "Handler '{Handler}' threw for key '{Key}' (try {Attempt}; stalled: {Stalled}).")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, string handler, string key, int attempt, bool stalled);

    [LoggerMessage(
        3007,
        LogLevel.Warning,
        "Handler '{Handler}' has run for key '{Key}' for {Elapsed} and has not returned; {Running} of {Concurrency} calls run (Statecast:Handlers:Concurrency). Other keys go on while a place is free: give what the handler waits for a time-out."
    )]
    public static partial void HandlerSlow(ILogger logger, string handler, string key, TimeSpan elapsed, int running, int concurrency);

    [LoggerMessage(
        3008,
        LogLevel.Warning,
        "Handler '{Handler}' is told no previous state of key '{Key}': it was written in a shape that cannot be read any more ({Reason}). So it is for every key whose previous state is of schema {Schema} in '{Codec}'; this is told once."
    )]
    public static partial void PreviousUnreadable(
        ILogger logger,
        string handler,
        string key,
        string reason,
        Fingerprint schema,
        string codec
    );

    [LoggerMessage(
        3009,
        LogLevel.Warning,
        "Replica '{Replica}' followed its source back: under epoch {Epoch} {Count} key(s) have an older state or none, because the source's database lost what came after. The first: {Keys}"
    )]
    public static partial void WentBack(ILogger logger, string replica, long epoch, long count, string keys);

    [LoggerMessage(
        3010,
        LogLevel.Warning,
        "Replica '{Replica}' left the state of key '{Key}' as it is: the partial update to {Revision} does not fit it ({Reason}) It waits for the full state, which is asked for where the carrier has a request channel, and else is the source's next one."
    )]
    public static partial void PatchMisfit(ILogger logger, string replica, string key, StateRevision revision, string reason);

    [LoggerMessage(
        3011,
        LogLevel.Warning,
        "Replica '{Replica}' could not ask for the full states of {Count} key(s) whose partial updates wait; it asks again in 30 s."
    )]
    public static partial void AskingFailed(ILogger logger, Exception exception, string replica, int count);

    [LoggerMessage(3012, LogLevel.Information, "Replica '{Replica}' asks its source for all states of lane {Lane} (run {Run}): {Reason}.")]
    public static partial void RunStarted(ILogger logger, string replica, int lane, Guid run, string reason);

    [LoggerMessage(
        3013,
        LogLevel.Warning,
        "Replica '{Replica}' had no answer for a while: it asks again for {Count} range(s) of run {Run}. If this goes on, look whether the source runs and its republisher has work that comes first."
    )]
    public static partial void AskedAgain(ILogger logger, string replica, int count, Guid run);

    [LoggerMessage(3014, LogLevel.Warning, "Replica '{Replica}' could not ask for {Count} range(s) of states; it asks again.")]
    public static partial void AskingForRangesFailed(ILogger logger, Exception exception, string replica, int count);

    [LoggerMessage(
        3015,
        LogLevel.Information,
        "Replica '{Replica}' has all states of lane {Lane}; {Count} row(s) that the source has no more were removed."
    )]
    public static partial void RunEnded(ILogger logger, string replica, int lane, long count);
}
