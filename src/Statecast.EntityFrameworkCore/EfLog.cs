using Microsoft.Extensions.Logging;

namespace Statecast.EntityFrameworkCore;

/// <summary>The log catalogue of this package. Event ids are fixed: 5000–5099, never re-used. States are never logged.</summary>
internal static partial class EfLog
{
    [LoggerMessage(5000, LogLevel.Information, "Publishing {Contract} from {Root} of {Context}. Read back: {Navigations}")]
    public static partial void Publishes(ILogger logger, string contract, string root, string context, string navigations);

    [LoggerMessage(5001, LogLevel.Information, "Republish of {Contract} queued: {Reason}")]
    public static partial void RepublishQueued(ILogger logger, string contract, string reason);

    [LoggerMessage(5002, LogLevel.Error, "Republish passed {Contract} '{Key}' over: its state cannot be published")]
    public static partial void PassedOver(ILogger logger, string contract, string key, Exception exception);
}
