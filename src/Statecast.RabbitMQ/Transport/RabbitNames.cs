using System.Globalization;
using System.Text;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>What a destination's exchanges and queues are called. All begin with the destination, so that rights can be granted by it.</summary>
/// <param name="Destination">The destination, which is also the exchange that its source publishes to.</param>
internal sealed record RabbitNames(string Destination)
{
    private const int MaxBytes = 255;

    /// <summary>The routing key of a marker.</summary>
    public const string MarkerKey = "marker";

    /// <summary>The routing key of a question for the lane count.</summary>
    public const string HelloKey = "hello";

    /// <summary>The routing key of the answer, and of the source's own word at its start.</summary>
    public const string LanesKey = "lanes";

    /// <summary>The routing key of a request to the source.</summary>
    public const string RequestKey = "request";

    /// <summary>The routing key of a target that says which queues it has.</summary>
    public const string TargetKey = "target";

    /// <summary>Where the source's words go that are no states: its markers, and how many lanes there are.</summary>
    public string Control => $"{Destination}.control";

    /// <summary>Where targets write: questions, requests, and which queues they have. Apart from the source's words, so that a right to ask is none to speak for the source.</summary>
    public string Asks => $"{Destination}.asks";

    /// <summary>The newest markers.</summary>
    public string Last => $"{Destination}.last";

    /// <summary>What targets ask of the source.</summary>
    public string Requests => $"{Destination}.requests";

    /// <summary>Which targets have queues.</summary>
    public string Targets => $"{Destination}.targets";

    /// <summary>Held by whoever reads the newest markers: two at once would take them from each other.</summary>
    public string Reading => $"{Destination}.reading";

    /// <summary>What one sender or target hears while it runs.</summary>
    public string Hearing(string who, Guid id) => $"{Destination}.{who}hearing-{id:N}";

    /// <summary>The routing key of a lane's events.</summary>
    public static string LaneKey(int lane) => lane.ToString(CultureInfo.InvariantCulture);

    /// <summary>The routing key of a lane's heartbeats: another one, so that those that expire do not end among the parked events.</summary>
    public static string HeartbeatKey(int lane) => string.Create(CultureInfo.InvariantCulture, $"{lane}.heartbeat");

    /// <summary>The names of one target's queues.</summary>
    /// <exception cref="TransportException">They would be longer than the protocol allows.</exception>
    public RabbitTargetNames Of(string target, string? instance)
    {
        var prefix = instance is null ? $"{Destination}.{Escape(target)}" : $"{Destination}.{Escape(target)}.{Escape(instance)}";
        return Encoding.UTF8.GetByteCount(prefix) > MaxBytes - 50
            ? throw new TransportException(
                $"The queues of '{target}' would be called '{prefix}…', which is too long: AMQP allows names of {MaxBytes} bytes. Give the service or its instance a shorter name."
            )
            : new(this, prefix);
    }

    /// <summary>Whether a queue may be one that a target asked to be answered in: nothing else is written to by a request's word.</summary>
    public bool MayBeReplyQueue(string queue) =>
        queue.StartsWith($"{Destination}.", StringComparison.Ordinal)
        && queue.LastIndexOf('.') is var dot
        && IsNumber(queue.AsSpan(dot + 1));

    private static bool IsNumber(ReadOnlySpan<char> text) => text.Length is > 0 and <= 5 && !text.ContainsAnyExceptInRange('0', '9');

    // Dots part the names from each other, and patterns of rights are made of them.
    internal static string Escape(string name)
    {
        var escaped = new StringBuilder(name.Length);
        foreach (var b in Encoding.UTF8.GetBytes(name))
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'_')
                escaped.Append((char)b);
            else
                escaped.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        return escaped.ToString();
    }
}

/// <summary>What one target's queues are called.</summary>
/// <param name="Of">The destination's names.</param>
/// <param name="Prefix">What all begin with.</param>
internal sealed record RabbitTargetNames(RabbitNames Of, string Prefix)
{
    /// <summary>Where the broker puts what was delivered in vain too often.</summary>
    public string Parked => $"{Prefix}.parked";

    /// <summary>Where heartbeats end that nobody read in time: of length 1.</summary>
    public string Expired => $"{Prefix}.expired";

    /// <summary>The exchange of dead letters, which tells the two apart.</summary>
    public string Dead => $"{Prefix}.dead";

    /// <summary>A queue that carries nothing: how it is declared says in which store its readers keep the replica.</summary>
    public string Store => $"{Prefix}.store";

    /// <summary>The queue of a lane.</summary>
    public string Queue(int lane) => $"{Prefix}.{RabbitNames.LaneKey(lane)}";
}
