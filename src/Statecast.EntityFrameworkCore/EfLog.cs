using Microsoft.Extensions.Logging;

namespace Statecast.EntityFrameworkCore;

/// <summary>The log catalogue of this package. Event ids are fixed: 5000–5099, never re-used (5001 and 5002 were). States are never logged.</summary>
internal static partial class EfLog
{
    [LoggerMessage(5000, LogLevel.Information, "Publishing {Contract} from {Root} of {Context}. Read back: {Navigations}")]
    public static partial void Publishes(ILogger logger, string contract, string root, string context, string navigations);
}
