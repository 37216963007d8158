using Microsoft.Extensions.Logging;

namespace Statecast.RabbitMQ;

/// <summary>The log catalogue of this package. Event ids are fixed: 4200–4299. Payloads and secrets are never logged.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(
        4201,
        LogLevel.Warning,
        "The broker takes nothing now: {Reason}. Free memory or disk on it; until then nothing is sent."
    )]
    public static partial void Blocked(ILogger logger, string reason);

    [LoggerMessage(4202, LogLevel.Information, "The broker takes messages again.")]
    public static partial void Unblocked(ILogger logger);

    [LoggerMessage(
        4203,
        LogLevel.Warning,
        "No queue is bound to '{Destination}': what is sent there reaches nobody, and counts as unrouted. A target that comes later asks for everything."
    )]
    public static partial void Unrouted(ILogger logger, string destination);

    [LoggerMessage(4204, LogLevel.Information, "Queues are bound to '{Destination}' again.")]
    public static partial void RoutedAgain(ILogger logger, string destination);

    [LoggerMessage(
        4205,
        LogLevel.Error,
        "The exchange '{Exchange}' is gone: somebody removed it, and all bindings with it. Nothing is sent until it is there again; targets make it anew, and this source does after {Wait}."
    )]
    public static partial void ExchangeMissing(ILogger logger, string exchange, TimeSpan wait);

    [LoggerMessage(4206, LogLevel.Warning, "Made the exchange '{Exchange}' anew.")]
    public static partial void ExchangeMade(ILogger logger, string exchange);

    [LoggerMessage(4207, LogLevel.Warning, "A message in '{Where}' cannot be read and is passed over: {Reason}")]
    public static partial void BadControl(ILogger logger, string where, string reason);

    [LoggerMessage(
        4208,
        LogLevel.Warning,
        "The queue '{Queue}' was removed and is made anew: what it held is lost to this target, which asks for everything."
    )]
    public static partial void QueueRemoved(ILogger logger, string queue);

    [LoggerMessage(
        4209,
        LogLevel.Error,
        "'{Source}' publishes into '{Destination}', which belongs to source '{Owner}': its events are parked. Two services must not publish one contract: take the publication out of '{Source}'."
    )]
    public static partial void SecondSource(ILogger logger, string source, string destination, string owner);

    [LoggerMessage(
        4210,
        LogLevel.Warning,
        "Host names in the broker's certificate are not checked: whoever has any certificate of a trusted authority can pose as the broker. Turn SkipHostNameCheck off, and take overrides of the client's own settings out."
    )]
    public static partial void HostNamesUnchecked(ILogger logger);

    [LoggerMessage(4211, LogLevel.Information, "Another instance reads '{Queues}'; this one stands by.")]
    public static partial void StandingBy(ILogger logger, string queues);

    [LoggerMessage(4212, LogLevel.Warning, "The source of '{Destination}' has not made its exchanges yet, and is waited for: {Reason}")]
    public static partial void SourceMissing(ILogger logger, string destination, string reason);

    [LoggerMessage(4213, LogLevel.Information, "Nobody hears requests to '{Destination}' now; it is asked again. {Reason}")]
    public static partial void NobodyToAsk(ILogger logger, string destination, string reason);

    [LoggerMessage(
        4214,
        LogLevel.Error,
        "What the broker remembers of '{Destination}' is gone: somebody removed a queue or exchange of it. It is made anew, and what this source knows is put there."
    )]
    public static partial void MemoryMissing(ILogger logger, string destination);

    [LoggerMessage(
        4215,
        LogLevel.Information,
        "'{Destination}' had {Before} lanes, and has {Now} from now on; every target had read all of it."
    )]
    public static partial void LanesChanged(ILogger logger, string destination, int before, int now);

    [LoggerMessage(
        4216,
        LogLevel.Information,
        "The source of '{Destination}' has another number of lanes: {Before} are read, {Now} there are."
    )]
    public static partial void OtherLanes(ILogger logger, string destination, int before, int now);
}
