using System.Net;
using System.Net.Sockets;

namespace Statecast.Integration.Tests;

/// <summary>
/// Ports of loopback for the servers of a run, each given out once. They lie below those that systems hand to connections: no client's connection takes the port of
/// a broker that is down for a while.
/// </summary>
internal static class FreePorts
{
    private const int First = 15_000;
    private const int End = 32_000;

    // Another run on this machine begins elsewhere, and what others listen on is passed over.
    private static int _next = Random.Shared.Next(First, End);

    public static int[] Take(int count)
    {
        var ports = new int[count];
        for (var i = 0; i < count; i++)
            ports[i] = Take();
        return ports;
    }

    private static int Take()
    {
        for (var tries = 0; tries < End - First; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % (End - First));
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody's.
            }
        }
        throw new InvalidOperationException($"No port from {First} to {End} is free.");
    }
}
