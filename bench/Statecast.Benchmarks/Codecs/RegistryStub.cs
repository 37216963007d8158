using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Statecast.Benchmarks.Codecs;

/// <summary>A schema registry that knows one schema, on loopback: the serdes ask it once, and keep the answer.</summary>
internal static class RegistryStub
{
    /// <returns>Its address.</returns>
    public static string Start(string schema)
    {
        var address = $"http://127.0.0.1:{FreePort()}/";
        var listener = new HttpListener();
        listener.Prefixes.Add(address);
        listener.Start();
        var known = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                id = 1,
                version = 1,
                subject = "orders-value",
                schema,
            }
        );
        _ = Task.Run(async () =>
        {
            for (; ; )
            {
                var call = await listener.GetContextAsync();
                call.Response.ContentType = "application/vnd.schemaregistry.v1+json";
                // Where a topic may name another subject, there is none.
                await call.Response.OutputStream.WriteAsync(
                    call.Request.RawUrl!.Contains("associations", StringComparison.Ordinal) ? "[]"u8.ToArray() : known
                );
                call.Response.Close();
            }
        });
        return address;
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
