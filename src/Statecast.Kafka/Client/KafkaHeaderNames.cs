namespace Statecast.Kafka.Client;

/// <summary>Attributes as headers, by the CloudEvents binding for Kafka: a prefix before the name, except for the media type.</summary>
internal static class KafkaHeaderNames
{
    private const int PrefixLength = 3;

    /// <summary>The longest prefix that is written.</summary>
    public const int LongestPrefix = PrefixLength;

    private static ReadOnlySpan<byte> Prefix => "ce_"u8;

    private static ReadOnlySpan<byte> MediaType => "content-type"u8;

    private static ReadOnlySpan<byte> MediaTypeAttribute => "datacontenttype"u8;

    /// <summary>What stands before an attribute's name.</summary>
    /// <param name="name">The attribute; the media type's becomes the header's.</param>
    public static ReadOnlySpan<byte> PrefixOf(ref ReadOnlySpan<byte> name)
    {
        if (!name.SequenceEqual(MediaTypeAttribute))
            return Prefix;
        name = MediaType;
        return [];
    }

    /// <summary>The attribute that a header says; empty if it says none.</summary>
    public static ReadOnlySpan<byte> AttributeOf(ReadOnlySpan<byte> header) =>
        header.StartsWith(Prefix) ? header[PrefixLength..]
        : header.SequenceEqual(MediaType) ? MediaTypeAttribute
        : [];
}
