using Microsoft.Extensions.Logging;

namespace Statecast.Sqlite;

/// <summary>The log catalogue of this package. Event ids are fixed: 4000–4099. Payloads are never logged.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(
        4001,
        LogLevel.Debug,
        "Targets of the log '{Log}' are not woken by sockets here; they look for changes every {PollInterval}."
    )]
    public static partial void NoWakes(ILogger logger, string log, TimeSpan pollInterval);

    [LoggerMessage(4002, LogLevel.Warning, "Wakes for the log '{Log}' do not work; targets look for changes every {PollInterval}.")]
    public static partial void WakesFailed(ILogger logger, Exception exception, string log, TimeSpan pollInterval);

    [LoggerMessage(
        4003,
        LogLevel.Error,
        "The log file '{Path}' cannot be read for '{Destination}'; others go on, and it is tried again. {Reason}"
    )]
    public static partial void FileFailing(ILogger logger, Exception? exception, string path, string destination, string reason);

    [LoggerMessage(4004, LogLevel.Information, "The log file '{Path}' is read for '{Destination}' again.")]
    public static partial void FileRecovered(ILogger logger, string path, string destination);

    [LoggerMessage(
        4005,
        LogLevel.Error,
        "The log file '{Path}' of source '{Source}' holds '{Destination}', which belongs to source '{Owner}': its events are parked. "
            + "Two services must not publish one contract; take the publication out of '{Source}', or hand the contract over (see the message of event 4007)."
    )]
    public static partial void SecondSource(ILogger logger, string path, string source, string destination, string owner);

    [LoggerMessage(
        4006,
        LogLevel.Warning,
        "Lane {Lane} of '{Destination}' ends at {End} in '{Path}', before the position {Position} that was read: the file went back. It is read again from its start."
    )]
    public static partial void WentBack(ILogger logger, int lane, string destination, string path, long end, long position);

    [LoggerMessage(
        4007,
        LogLevel.Error,
        "Source '{Owner}', to which '{Destination}' belongs, has no log file here, while '{Path}' of source '{Source}' holds it too: nothing is read from that. "
            + "Bring the file of '{Owner}' back, or start it so that it makes one. If '{Source}' is to take the contract over, move the target's replica file away (or restart a target in memory): it is filled anew from what is there then."
    )]
    public static partial void OwnerAway(ILogger logger, string path, string source, string destination, string owner);
}
