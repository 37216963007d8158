using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Statecast.Transport;

namespace Statecast.Kafka.Client;

/// <summary>The library's own client behind one of the binding's, which hides it. Hence the package asks for one version of the binding, and no other.</summary>
internal static class RdClients
{
    /// <summary>The client; not to be used once the binding's is disposed.</summary>
    /// <exception cref="TransportException">Another version of the binding is loaded, which keeps it elsewhere.</exception>
    public static nint Of(IClient client)
    {
        try
        {
            return ((SafeHandle)HandleOf(client.Handle)).DangerousGetHandle();
        }
        catch (Exception e) when (e is MissingMethodException or TypeLoadException or InvalidCastException)
        {
            throw new TransportException(
                $"Confluent.Kafka {typeof(IClient).Assembly.GetName().Version} is loaded, and Statecast.Kafka works with the version that its package names: remove the reference that brings another one.",
                e
            );
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_LibrdkafkaHandle")]
    [return: UnsafeAccessorType("Confluent.Kafka.Impl.SafeKafkaHandle, Confluent.Kafka")]
    private static extern object HandleOf(Handle handle);
}
