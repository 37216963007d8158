using System.Net;
using System.Net.Sockets;

namespace Statecast.RabbitMQ;

/// <summary>An entry of <see cref="RabbitMQOptions.Hosts"/>.</summary>
/// <param name="Name">The host's name or address, without brackets.</param>
/// <param name="Port">Its port; null for the one of the URI.</param>
internal readonly record struct RabbitMQHost(string Name, int? Port)
{
    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>[address]</c> or <c>[address]:port</c>.</summary>
    /// <returns>False if it is none of these.</returns>
    public static bool TryParse(string? text, out RabbitMQHost host)
    {
        host = default;
        if (string.IsNullOrWhiteSpace(text) || text.AsSpan().ContainsAny("/@ "))
            return false;
        var bracket = text.IndexOf(']', StringComparison.Ordinal);
        var colon = text.IndexOf(':', bracket + 1);
        var name = colon < 0 ? text : text[..colon];
        int? port = null;
        if (colon >= 0)
        {
            if (!ushort.TryParse(text.AsSpan(colon + 1), out var number) || number == 0)
                return false;
            port = number;
        }
        if (bracket >= 0)
        {
            if (name[0] != '[' || name[^1] != ']')
                return false;
            name = name[1..^1];
            if (!IPAddress.TryParse(name, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6)
                return false;
        }
        if (name.Length == 0 || name[0] == '[')
            return false;
        host = new(name, port);
        return true;
    }
}
