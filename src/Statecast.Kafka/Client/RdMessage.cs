using System.Runtime.InteropServices;

namespace Statecast.Kafka.Client;

/// <summary>A record as the library holds it (<c>rd_kafka_message_t</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RdMessage
{
    public int Error;
    public nint Topic;
    public int Partition;
    public byte* Value;
    public nuint ValueLength;
    public byte* Key;
    public nuint KeyLength;
    public long Offset;
    public nint Token;
}

/// <summary>One argument of a send (<c>rd_kafka_vu_t</c>): its kind, and what that kind takes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RdArgument
{
    public const int Topic = 2;
    public const int Partition = 3;
    public const int Value = 4;
    public const int Key = 5;
    public const int Opaque = 6;
    public const int Flags = 7;
    public const int Header = 9;

    public int Kind;
    public RdOperand Operand;
}

/// <summary>What an argument holds: a union of 64 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal unsafe struct RdOperand
{
    [FieldOffset(0)]
    public int Number;

    [FieldOffset(0)]
    public nint Pointer;

    [FieldOffset(0)]
    public RdBytes Bytes;

    [FieldOffset(0)]
    public RdHeader Header;

    // Aligned as the library's own.
    [FieldOffset(0)]
    public long Aligned;
}

/// <summary>Some bytes.</summary>
internal unsafe struct RdBytes
{
    public byte* At;
    public nuint Length;
}

/// <summary>A header: its name, ended by 0, and its value.</summary>
internal unsafe struct RdHeader
{
    public byte* Name;
    public byte* Value;
    public nint Length;
}
