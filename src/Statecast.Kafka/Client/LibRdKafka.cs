using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Statecast.Kafka.Client;

/// <summary>
/// What is called of librdkafka itself. Confluent's binding makes an array, a text and two handles of every header of every record, which takes longer than
/// all else that a record costs; here records go in and out of the library's own memory. The build of the library is the one that the binding loads.
/// </summary>
internal static unsafe partial class LibRdKafka
{
    private const string Name = "librdkafka";

    static LibRdKafka() => NativeLibrary.SetDllImportResolver(typeof(LibRdKafka).Assembly, Find);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint rd_kafka_conf_new();

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void rd_kafka_conf_destroy(nint conf);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int rd_kafka_conf_set(nint conf, string name, string value, byte* error, nuint size);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void rd_kafka_conf_set_opaque(nint conf, nint opaque);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void rd_kafka_conf_set_dr_msg_cb(nint conf, delegate* unmanaged[Cdecl]<nint, RdMessage*, nint, void> callback);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void rd_kafka_conf_set_error_cb(nint conf, delegate* unmanaged[Cdecl]<nint, int, byte*, nint, void> callback);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void rd_kafka_conf_set_log_cb(nint conf, delegate* unmanaged[Cdecl]<nint, int, byte*, byte*, void> callback);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void rd_kafka_conf_set_stats_cb(nint conf, delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint, int> callback);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint rd_kafka_new(int type, nint conf, byte* error, nuint size);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void rd_kafka_destroy(nint client);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint rd_kafka_opaque(nint client);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int rd_kafka_poll(nint client, int milliseconds);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int rd_kafka_fatal_error(nint client, byte* reason, nuint size);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* rd_kafka_err2str(int code);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint rd_kafka_topic_new(nint client, string name, nint conf);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void rd_kafka_topic_destroy(nint topic);

    [LibraryImport(Name)]
    [SuppressGCTransition]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* rd_kafka_topic_name(nint topic);

    /// <returns>Null, or an error that must be destroyed.</returns>
    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint rd_kafka_produceva(nint client, RdArgument* arguments, nuint count);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int rd_kafka_error_code(nint error);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* rd_kafka_error_string(nint error);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void rd_kafka_error_destroy(nint error);

    [LibraryImport(Name)]
    [SuppressGCTransition]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int rd_kafka_message_status(RdMessage* message);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial RdMessage* rd_kafka_consumer_poll(nint client, int milliseconds);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void rd_kafka_message_destroy(RdMessage* message);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* rd_kafka_message_errstr(RdMessage* message);

    [LibraryImport(Name)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int rd_kafka_message_headers(RdMessage* message, nint* headers);

    [LibraryImport(Name)]
    [SuppressGCTransition]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int rd_kafka_header_get_all(nint headers, nuint index, byte** name, byte** value, nuint* size);

    /// <summary>A text that the library keeps.</summary>
    public static string TextOf(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    // In the order in which the binding looks for them: loading one that is loaded gives the same again.
    private static nint Find(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Name)
            return 0;
        var binding = typeof(Confluent.Kafka.Library).Assembly;
        var builds = RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal)
            ? (string[])["alpine-librdkafka"]
            : [Name, "centos8-librdkafka"];
        foreach (var build in builds)
            if (NativeLibrary.TryLoad(build, binding, path, out var found))
                return found;
        return 0;
    }
}
