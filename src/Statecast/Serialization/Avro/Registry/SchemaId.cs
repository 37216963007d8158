using System.Buffers.Binary;
using System.Globalization;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>What names a writer's schema in a framed body: a registry's number, or the GUID of the schema's content.</summary>
/// <param name="Number">The number, positive; 0 if it is a GUID.</param>
/// <param name="Guid">The GUID; empty if it is a number.</param>
public readonly record struct SchemaId(int Number, Guid Guid)
{
    // Stands for "the schema with this number" where a fingerprint is asked for: the chance that a hash begins so is one in 2^96.
    private static readonly UInt128 Mark = new(0x5343_4845_4D41_2D49, 0x442D_4E4F_0000_0000);

    /// <summary>A registry's number.</summary>
    public static SchemaId Of(int number) => new(number, Guid.Empty);

    /// <summary>The GUID of a schema's content.</summary>
    public static SchemaId Of(Guid guid) => new(0, guid);

    /// <summary>Whether it is a GUID.</summary>
    public bool IsGuid => Number == 0;

    /// <summary>
    /// Stands in an event for the fingerprint of a schema that is named by this id and not known yet: <see cref="RegisteredSchemas"/> finds the schema by it
    /// once it is.
    /// </summary>
    public Fingerprint StandIn
    {
        get
        {
            if (!IsGuid)
                return new(Mark | (uint)Number);
            Span<byte> bytes = stackalloc byte[Fingerprint.Size];
            Guid.TryWriteBytes(bytes, bigEndian: true, out _);
            return new(BinaryPrimitives.ReadUInt128BigEndian(bytes));
        }
    }

    /// <summary>What a fingerprint stands in for. Every other one could be a GUID: that is what its bits are taken for.</summary>
    internal static SchemaId FromStandIn(Fingerprint fingerprint)
    {
        var low = (uint)(fingerprint.Value & uint.MaxValue);
        if ((fingerprint.Value ^ low) == Mark && low is > 0 and <= int.MaxValue)
            return Of((int)low);
        Span<byte> bytes = stackalloc byte[Fingerprint.Size];
        fingerprint.Write(bytes);
        return Of(new Guid(bytes, bigEndian: true));
    }

    /// <inheritdoc/>
    public override string ToString() => IsGuid ? $"GUID {Guid:D}" : $"id {Number.ToString(CultureInfo.InvariantCulture)}";
}
